/**
 * The skill's end of a run in the test's own realm: its `ctx`, with the copy-out, the bounds and the errors of the sandbox, and what
 * it threw in the words of the sandbox.
 */
import type { Json } from '../contracts/index.ts';
import {
  type AnswerFrame,
  CALLS,
  type CallName,
  CallRate,
  type CapabilityName,
  type Ending,
  GUEST_ENCODE,
  type NextRequest,
  type RunFrame,
} from '../sandbox/index.ts';
import type { HttpRequest, SkillContext, SkillLog } from '../skill.ts';

type Cap = { readonly bytes: number; readonly depth: number; readonly nodes: number };
type Capability = CapabilityName;
type RefusalCode =
  | 'CAPABILITY_DENIED'
  | 'HOST_CALL_INVALID'
  | 'HOST_CALLS_EXCEEDED'
  | 'LOG_EXCEEDED';
type Level = keyof SkillLog;

interface Refusal {
  readonly kind: 'invalid' | 'large';
  readonly pointer: string;
  readonly found: string;
  readonly expected: string;
  readonly unit: 'bytes' | 'levels' | 'values';
}

/** The very text that copies values out of an isolate: what it refuses there it refuses here. */
const { encode, isRefusal } = new Function(
  `'use strict';${GUEST_ENCODE} return { encode, isRefusal };`,
)() as {
  readonly encode: (value: unknown, cap: Cap) => string;
  readonly isRefusal: (thrown: unknown) => thrown is Refusal;
};

export interface SkillOutlets {
  readonly call: (
    call: { readonly seq: number; readonly name: CallName; readonly args: readonly Json[] },
    bytes: number,
  ) => void;
  readonly log: (
    line: { readonly level: Level; readonly message: string; readonly fields?: Json },
    bytes: number,
  ) => void;
}

const LOG_DEPTH = 8;
const LOG_NODES = 1_000;
/** Each line counts its text and this much. */
const LOG_LINE_UNITS = 32;
const MESSAGE_CHARACTERS = 2_000;

export class SkillCalls {
  readonly ctx: SkillContext;
  limitTouched = false;
  isSettled = false;
  readonly #frame: RunFrame;
  readonly #outlets: SkillOutlets;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #endings = new WeakMap<object, Ending>();
  readonly #rate: CallRate;
  #nowMs: number;
  #issued = 0;
  #argumentUnits = 0;
  #logUnits = 0;

  constructor(frame: RunFrame, outlets: SkillOutlets) {
    this.#frame = frame;
    this.#outlets = outlets;
    this.#nowMs = frame.startWallMs;
    this.#rate = new CallRate(frame.resources.hostCallsPerSecond, this.#nowMs);
    const log = (level: Level) => (message: string, fields?: object) =>
      this.#log(level, message, fields);
    const offered = Object.entries(CALLS).map(([capability, calls]) => [
      capability,
      Object.freeze(this.#offered(capability as Capability, calls)),
    ]);
    const lines = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    const http = Object.freeze({ request: (request: unknown) => this.#requestHttp(request) });
    const parts = { ...Object.fromEntries(offered), http, log: Object.freeze(lines) };
    this.ctx = Object.freeze(parts as SkillContext);
  }

  /** Follows redirects when the skill wants it: each hop is a call, written and checked by the node. */
  async #requestHttp(given: unknown): Promise<unknown> {
    let reply = await this.#call('http', 'http.request', [given]);
    for (;;) {
      const { next } = reply as { readonly next?: NextRequest };
      if (!next) return reply;
      const body = next.hasBody ? { body: (given as HttpRequest).body } : {};
      reply = await this.#call('http', 'http.request', [{ ...next.request, ...body }]);
    }
  }

  /** What `ctx` has of one capability; arguments that were left out at the end are not sent. */
  #offered(capability: Capability, calls: Readonly<Record<string, readonly [number, number]>>) {
    const entries = Object.entries(calls).map(([name, [least, most]]) => {
      const call = (...given: readonly unknown[]): Promise<unknown> => {
        const args = Array.from({ length: most }, (_, at) => given[at]);
        while (args.length > least && args.at(-1) === undefined) args.pop();
        return this.#call(capability, `${capability}.${name}` as CallName, args);
      };
      return [name, call] as const;
    });
    return Object.fromEntries(entries);
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  deliver(answer: AnswerFrame): void {
    const waiting = this.#pending.get(answer.seq);
    if (!waiting) return;
    this.#pending.delete(answer.seq);
    this.#nowMs = Math.max(this.#nowMs, answer.atMs);
    if (answer.ok) return waiting.resolve(structuredClone(answer.value));
    const ending = { kind: 'call-failed', seq: answer.seq } as const;
    waiting.reject(this.#hostError(answer, answer.message, ending));
  }

  /** The JSON of what the skill gave, or why it is none. */
  outputOf(value: unknown): { readonly json: string } | Ending {
    const { outputBytes: bytes, outputDepth: depth, outputNodes: nodes } = this.#frame.resources;
    try {
      return { json: encode(value, { bytes, depth, nodes }) };
    } catch (thrown) {
      if (!isRefusal(thrown)) return { kind: 'output-invalid', ...UNREADABLE };
      if (thrown.kind === 'large') return { kind: 'output-too-large', unit: thrown.unit };
      const { pointer, found, expected } = thrown;
      return { kind: 'output-invalid', pointer, found, expected };
    }
  }

  /** What let the skill end: an error of the host that it let through, or its own. */
  endingOf(thrown: unknown): Ending {
    if (typeof thrown === 'object' && thrown !== null) {
      const known = this.#endings.get(thrown);
      if (known) return known;
    }
    if (!(thrown instanceof Error)) {
      return { kind: 'threw', name: typeof thrown, message: `threw ${typeof thrown}` };
    }
    const message = String(thrown.message).slice(0, MESSAGE_CHARACTERS);
    return { kind: 'threw', name: String(thrown.name), message };
  }

  #call(capability: Capability, name: CallName, args: readonly unknown[]): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    // A call that the skill does not wait for may fail unheard, as it may in the sandbox.
    waiting.promise.catch(() => undefined);
    try {
      const seq = this.#issued + 1;
      const text = this.#argumentsOf(capability, args);
      this.#issued = seq;
      this.#rate.take();
      this.#pending.set(seq, waiting);
      this.#outlets.call({ seq, name, args: JSON.parse(text) }, Buffer.byteLength(text));
    } catch (thrown) {
      waiting.reject(thrown);
    }
    return waiting.promise;
  }

  #argumentsOf(capability: Capability, args: readonly unknown[]): string {
    const { resources, argumentCap } = this.#frame;
    if (this.isSettled) throw this.#refused('CAPABILITY_DENIED', capability, 'the run has ended');
    if (this.#issued >= resources.hostCalls)
      throw this.#overLimit('HOST_CALLS_EXCEEDED', capability, `${resources.hostCalls} calls`);
    if (this.inFlight >= resources.hostCallsInFlight) {
      const reason = `${resources.hostCallsInFlight} calls in flight`;
      throw this.#overLimit('HOST_CALLS_EXCEEDED', capability, reason);
    }
    if (this.#rate.isEmpty(this.#nowMs)) {
      const reason = `${resources.hostCallsPerSecond} calls a second`;
      throw this.#overLimit('HOST_CALLS_EXCEEDED', capability, reason);
    }
    const text = this.#encoded(capability, args, argumentCap);
    if (this.#argumentUnits + text.length > argumentCap.totalBytes) {
      const reason = `${argumentCap.totalBytes} bytes of arguments`;
      throw this.#overLimit('HOST_CALLS_EXCEEDED', capability, reason);
    }
    this.#argumentUnits += text.length;
    return text;
  }

  #log(level: Level, message: unknown, fields: object | undefined): void {
    if (this.isSettled) throw this.#refused('CAPABILITY_DENIED', 'log', 'the run has ended');
    if (!this.#frame.log) throw this.#refused('CAPABILITY_DENIED', 'log', 'it was not granted');
    const { logBytes } = this.#frame.resources;
    const line = { level, message: String(message).toWellFormed(), fields };
    const cap = { bytes: logBytes, depth: LOG_DEPTH, nodes: LOG_NODES };
    const text = this.#encoded('log', line, cap);
    this.#logUnits += text.length + LOG_LINE_UNITS;
    if (this.#logUnits > logBytes) {
      throw this.#overLimit('LOG_EXCEEDED', 'log', `${logBytes} bytes`);
    }
    this.#outlets.log(JSON.parse(text), Buffer.byteLength(text));
  }

  #encoded(capability: Capability, value: unknown, cap: Cap): string {
    try {
      return encode(value, cap);
    } catch (thrown) {
      if (!isRefusal(thrown))
        throw this.#refused('HOST_CALL_INVALID', capability, 'an argument cannot be read');
      const { kind, unit, pointer, found, expected } = thrown;
      if (kind === 'large' && capability === 'log' && unit === 'bytes')
        throw this.#overLimit('LOG_EXCEEDED', 'log', 'the line is too long');
      const reason =
        kind === 'large'
          ? `the arguments have too many ${unit}`
          : `${pointer || '/'}: found ${found}, expected ${expected}`;
      throw this.#refused('HOST_CALL_INVALID', capability, reason);
    }
  }

  #overLimit(code: RefusalCode, capability: Capability, reason: string): Error {
    this.limitTouched = true;
    return this.#refused(code, capability, reason);
  }

  #refused(code: RefusalCode, capability: Capability, reason: string): Error {
    const ending = { kind: 'call-refused', code, capability, reason } as const;
    const facts = { code, retryable: false };
    return this.#hostError(facts, `${code}: ${capability}: ${reason}`, ending);
  }

  #hostError(
    { code, retryable }: { readonly code: string; readonly retryable: boolean },
    message: string,
    ending: Ending,
  ): Error {
    const hidden = (value: unknown) => ({ value, writable: true, configurable: true });
    const error = Object.defineProperties(new Error(message), {
      name: hidden('HostError'),
      code: hidden(code),
      retryable: hidden(retryable),
    });
    this.#endings.set(error, ending);
    return error;
  }
}

const UNREADABLE = {
  pointer: '',
  found: 'a value that cannot be read',
  expected: 'plain JSON data',
};
