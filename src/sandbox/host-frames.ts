/**
 * What the node and a host process say to each other. The node treats the host as hostile: each frame from it is measured,
 * parsed and checked against a closed schema; anything else is the end of that host (`protocol`). The host takes the node's
 * frames as they are.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Json, LIMITS, type ResourceContract } from '../contracts/index.ts';
import { CALL_ARGUMENTS_MAX, CALL_NAMES, CAPABILITY_NAMES } from './call-table.ts';
import { exceededBound, type JsonBounds } from './json-measure.ts';
import type { RunEntry, RunRules } from './run-rules.ts';

/** Node to host: run this. One at a time. */
export interface RunFrame {
  readonly kind: 'run';
  readonly run: number;
  readonly source: string;
  readonly input: Json;
  readonly entry: RunEntry['kind'];
  readonly rules: RunRules;
  readonly resources: ResourceContract;
  readonly argumentCap: typeof ARGUMENT_BOUNDS;
  /** Whether log lines were granted; all other grants are checked by the node, call by call. */
  readonly log: boolean;
  readonly seed: readonly number[];
  readonly startWallMs: number;
}

/** Node to host: the answer of one host call. Answers are delivered one by one, in this order. */
export type AnswerFrame = {
  readonly kind: 'answer';
  readonly run: number;
  readonly seq: number;
  readonly atMs: number;
} & (
  | { readonly ok: true; readonly value: Json }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    }
);

export type NodeFrame = RunFrame | AnswerFrame;

const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ maxLength });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const amount = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const oneOf = <const T extends string>(...values: readonly T[]) =>
  Type.Unsafe<T>({ enum: [...values] });

const place = { pointer: text(400), found: text(200), expected: text(400) };

/** How the run ended, in the host's words. `violations.ts` turns it into a result. */
export const EndingSchema = Type.Union([
  Type.Object({ kind: Type.Literal('value'), value: Type.Unsafe<Json>({}) }, closed),
  Type.Object(
    {
      kind: Type.Literal('threw'),
      name: text(200),
      message: text(4_000),
      stack: Type.Optional(text(8_000)),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('call-failed'), seq: count }, closed),
  Type.Object(
    {
      kind: Type.Literal('call-refused'),
      code: oneOf('CAPABILITY_DENIED', 'HOST_CALL_INVALID', 'HOST_CALLS_EXCEEDED', 'LOG_EXCEEDED'),
      capability: oneOf(...CAPABILITY_NAMES),
      reason: text(1_000),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('refused'), reason: text(1_000) }, closed),
  Type.Object({ kind: Type.Literal('input-invalid'), ...place }, closed),
  Type.Object({ kind: Type.Literal('output-invalid'), ...place }, closed),
  Type.Object(
    { kind: Type.Literal('output-too-large'), unit: oneOf('bytes', 'levels', 'values') },
    closed,
  ),
  Type.Object({ kind: Type.Literal('never-settled') }, closed),
  Type.Object({ kind: Type.Literal('limit'), limit: oneOf('cpu', 'wall', 'heap') }, closed),
]);
export type Ending = Static<typeof EndingSchema>;

const HostFrameSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('ready'),
      isolatedVm: text(40),
      node: text(40),
      /** Defences that should be in force and are not. */
      missing: Type.Array(text(100), { maxItems: 20 }),
      /** What the operating system holds it to; absent where there is nothing to read. */
      os: Type.Optional(
        Type.Object(
          {
            namespaces: Type.Array(text(40), { maxItems: 10 }),
            user: Type.Integer({ minimum: -1, maximum: 0xffff_ffff }),
            noNewPrivileges: Type.Boolean(),
            capabilityless: Type.Boolean(),
            seesAllFiles: Type.Boolean(),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('call'),
      run: count,
      seq: count,
      name: oneOf(...CALL_NAMES),
      args: Type.Unsafe<readonly Json[]>({ type: 'array', maxItems: CALL_ARGUMENTS_MAX }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('log'),
      run: count,
      level: oneOf('debug', 'info', 'warn', 'error'),
      message: Type.String(),
      fields: Type.Optional(Type.Unsafe<Json>({})),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('done'),
      run: count,
      cpuMs: amount,
      heapBytes: amount,
      limitTouched: Type.Boolean(),
      ending: EndingSchema,
    },
    closed,
  ),
]);
export type HostFrame = Static<typeof HostFrameSchema>;
export type CallFrame = Extract<HostFrame, { kind: 'call' }>;
export type LogFrame = Extract<HostFrame, { kind: 'log' }>;
export type DoneFrame = Extract<HostFrame, { kind: 'done' }>;
export type ReadyFrame = Extract<HostFrame, { kind: 'ready' }>;

const hostFrame = Compile(HostFrameSchema);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Levels and values that a frame adds around the skill's own data. */
const ENVELOPE: JsonBounds = { depth: 4, nodes: 64 };

export function parseHostFrame(
  bytes: Uint8Array,
  data: JsonBounds,
): { readonly frame: HostFrame } | { readonly invalid: string } {
  const bounds = { depth: data.depth + ENVELOPE.depth, nodes: data.nodes + ENVELOPE.nodes };
  const exceeded = exceededBound(bytes, bounds);
  if (exceeded) return { invalid: `a frame over its ${exceeded} bound` };
  let text: string;
  let parsed: unknown;
  try {
    text = utf8.decode(bytes);
    parsed = JSON.parse(text);
  } catch {
    return { invalid: 'a frame that is not JSON in UTF-8' };
  }
  if (!hostFrame.Check(parsed)) return { invalid: 'a frame of no known shape' };
  if (SUSPICIOUS.test(text) && !isSound(parsed))
    return { invalid: 'a forbidden key, half of a character or a number that JSON has not' };
  return { frame: parsed };
}

/** Only text with one of these can be unsound: most frames are spared the walk. */
const SUSPICIOUS = /__proto__|\\u|[eE]\+?\d{3}|\d{16}/;

/**
 * No key that would set a prototype, no text or number that has no canonical bytes (`1e999` is read as infinite). The guest's encoder refuses both, so a host that
 * lets one through does not run it. Depth and size are bounded by now.
 */
function isSound(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSound);
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && key.isWellFormed() && isSound(item),
  );
}

/** What the arguments of a host call may hold. */
export const ARGUMENT_BOUNDS = {
  bytes: LIMITS.hostCallArgumentBytes,
  depth: 32,
  nodes: 10_000,
  /** All calls of a run together: the tape keeps every one. */
  totalBytes: 8 * LIMITS.hostCallArgumentBytes,
} as const;
/** All answers of a run together, for the same reason. */
export const ANSWER_BYTES_TOTAL = 32 * LIMITS.hostCallResultBytes;
