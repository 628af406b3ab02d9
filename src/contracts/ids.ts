/**
 * Identifiers, branded so that one kind cannot stand where another belongs.
 * They are made from the `Random` port, so a seed repeats them.
 */
import type { Random } from './ports.ts';

export type NodeId = string & { readonly __brand: 'NodeId' };
export type ThreadName = string & { readonly __brand: 'ThreadName' };
/** 32 lower-case hex characters: the W3C trace ID of the request. */
export type CorrelationId = string & { readonly __brand: 'CorrelationId' };
export type RunId = string & { readonly __brand: 'RunId' };
export type TenantId = string & { readonly __brand: 'TenantId' };

const CORRELATION_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function newCorrelationId(random: Random): CorrelationId {
  return hex(random.bytes(16)) as CorrelationId;
}

export function newRunId(random: Random): RunId {
  return `run-${hex(random.bytes(8))}` as RunId;
}

/** For a system that is part of no node; the ID of a node follows from its key. `n-` and 8 base32 characters. */
export function newNodeId(random: Random): NodeId {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  return `n-${Array.from(random.bytes(8), (byte) => alphabet[byte & 31]).join('')}` as NodeId;
}

/** An incarnation is `epoch * 2 ** 32 + n`, below 2 ** 53: there is room for so many lives of a node with so many of a thread. */
const LIVES = 2_048;
export const EPOCHS_PER_LIFE = 1_024;

/** Epochs of a thread's lives in one life of its node begin here. */
export const firstEpochOf = (life: number): number => (life % LIVES) * EPOCHS_PER_LIFE;

export const isCorrelationId = (text: string): text is CorrelationId => CORRELATION_ID.test(text);
export const isRunId = (text: string): text is RunId => /^run-[0-9a-f]{16}$/.test(text);

/** A name of a thread, tenant, step or actor: letters, digits, `.`, `_`, `-`; 64 characters at most. */
/** Names that the kernel makes up: `$` and a number. Nobody can choose one. */
const GENERATED_NAME = /^\$\d{1,16}$/;
export const isGeneratedName = (text: string): boolean => GENERATED_NAME.test(text);
export const isSafeName = (text: string): boolean => SAFE_NAME.test(text);

export const MAIN_THREAD = 'main' as ThreadName;
export const DEFAULT_TENANT = 'default' as TenantId;
