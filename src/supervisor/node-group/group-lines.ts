/** What a group supervisor and a node process say to each other over the node's pipe (file descriptor 3): JSON, one message a line. */
import Type, { type Static } from 'typebox';
import { checker, ErrorSchema, LIMITS, type SkeinError } from '../../contracts/index.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Kind = <K extends string>(kind: K) => Type.Literal(kind);

const FactsSchema = Type.Object(
  {
    work: Type.Union([Kind('ready'), Kind('draining'), Kind('drained')]),
    activeRuns: Count,
    /** 0 is idle, 1 is as much as it can do. */
    load: Type.Number({ minimum: 0 }),
    threads: Count,
    /** IDs of those that the node knows and does not take for gone, its own included. */
    members: Type.Array(Type.String({ maxLength: 64 }), { maxItems: LIMITS.clusterNodes }),
  },
  closed,
);
/** What a running node says of itself. */
export type NodeFacts = Static<typeof FactsSchema>;

export const DrainReportSchema = Type.Object(
  { elapsedMs: Type.Number({ minimum: 0 }), finishedRuns: Count },
  closed,
);
/** How a node became drained: how long it took, and how many runs it saw to their end meanwhile. */
export type DrainReport = Static<typeof DrainReportSchema>;

const SaidError = Type.Unsafe<SkeinError>(ErrorSchema);

const FromNodeSchema = Type.Union([
  Type.Object(
    { kind: Kind('phase'), name: Type.String({ maxLength: 500 }), elapsedMs: Type.Number() },
    closed,
  ),
  Type.Object({ kind: Kind('ready'), node: Type.String({ maxLength: 64 }) }, closed),
  Type.Object({ kind: Kind('failed'), error: SaidError }, closed),
  Type.Object({ kind: Kind('facts'), facts: FactsSchema }, closed),
  Type.Object({ kind: Kind('drained'), report: DrainReportSchema }, closed),
  Type.Object({ kind: Kind('not-drained'), error: SaidError }, closed),
]);
export type FromNode = Static<typeof FromNodeSchema>;

const ToNodeSchema = Type.Union([
  Type.Object({ kind: Kind('stop') }, closed),
  Type.Object({ kind: Kind('drain'), timeoutMs: Count }, closed),
  Type.Object({ kind: Kind('resume') }, closed),
]);
export type ToNode = Static<typeof ToNodeSchema>;

const checkFromNode = checker(FromNodeSchema);
const checkToNode = checker(ToNodeSchema);

/** Above the largest facts: LIMITS.clusterNodes IDs. */
const LINE_BYTES_MAX = 1024 * 1024;
const NEWLINE = 0x0a;

export const lineOf = (message: FromNode | ToNode): Uint8Array =>
  Buffer.from(`${JSON.stringify(message)}\n`);

/** @returns a reader that takes bytes as they come and says false once they are no messages of the protocol. */
export const readFromNode = (receive: (message: FromNode) => void) =>
  lineReader((value) => {
    const checked = checkFromNode(value);
    if (checked.ok) receive(checked.value);
    return checked.ok;
  });

export const readToNode = (receive: (message: ToNode) => void) =>
  lineReader((value) => {
    const checked = checkToNode(value);
    if (checked.ok) receive(checked.value);
    return checked.ok;
  });

function lineReader(take: (value: unknown) => boolean): (bytes: Uint8Array) => boolean {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      try {
        if (!take(JSON.parse(line))) return false;
      } catch {
        return false;
      }
    }
    return rest.length <= LINE_BYTES_MAX;
  };
}
