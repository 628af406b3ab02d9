/** Traces over all nodes: each keeps the spans that it saw, and tells them in pages to whoever puts the trace together. */
import Type from 'typebox';
import type { MemberReport } from '../cluster/index.ts';
import { checker, LIMITS, type NodeId, parseAddress } from '../contracts/index.ts';
import { type ActorSystem, defineActor, type RefOf } from '../kernel/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';

interface PageRequest {
  readonly correlationId: string;
  readonly from: number;
}

const PAGE_SPANS = 500;
const PAGES_MAX = Math.ceil(LIMITS.spansPerTrace / PAGE_SPANS);
const ASK_MS = 2_000;
/** Nodes that are asked for one trace. */
const NODES_MAX = 100;

const text = Type.String({ maxLength: 1_000 });
const checkPage = checker(
  Type.Object(
    {
      total: Type.Integer({ minimum: 0 }),
      spans: Type.Array(
        Type.Object(
          {
            traceId: text,
            spanId: text,
            parentSpanId: Type.Union([text, Type.Null()]),
            name: text,
            startMs: Type.Number(),
            endMs: Type.Number(),
            thread: text,
            attributes: Type.Record(text, Type.Union([text, Type.Number(), Type.Boolean()])),
            error: Type.Union([Type.String({ maxLength: 10_000 }), Type.Null()]),
          },
          { additionalProperties: false },
        ),
        { maxItems: PAGE_SPANS },
      ),
    },
    { additionalProperties: false },
  ),
);

/** Answers for the traces of this node: `trace` gives all that its threads have by now. */
export const spansActor = defineActor({
  kind: 'spans',
  initial: (trace: (correlationId: string) => Promise<readonly SpanRecord[]>) => trace,
  receive: {
    page: async (trace, { correlationId, from }: PageRequest) => {
      const spans = await trace(String(correlationId));
      return { total: spans.length, spans: spans.slice(from, from + PAGE_SPANS) };
    },
  },
});

const SPANS = 'spans';

/**
 * Who is asked for a trace: every member; or, at the end of each run, those alone that were asked for something under it, so that
 * what a run costs does not grow with the cluster.
 */
export type TraceSources = 'all' | 'asked';

export type Trace = (correlationId: string, from?: TraceSources) => Promise<readonly SpanRecord[]>;

export interface TraceParts {
  readonly system: ActorSystem;
  readonly members: () => readonly MemberReport[];
  readonly own: (correlationId: string) => Promise<readonly SpanRecord[]>;
}

/** @returns the spans of a trace on every node that answers in two seconds, by start; threads of others as `node/thread` */
export function startTraces({ system, members, own }: TraceParts): Trace {
  system.spawn(spansActor, own, { name: SPANS });
  const ofNode = async (node: NodeId, correlationId: string): Promise<readonly SpanRecord[]> => {
    const ref = system.refAt(`skein://${node}/main/root/${SPANS}`);
    const found: SpanRecord[] = [];
    for (let page = 0; ref.ok && page < PAGES_MAX; page++) {
      const spans = ref.value as RefOf<typeof spansActor>;
      const request = { correlationId, from: page * PAGE_SPANS };
      const answer = await system.ask(spans, 'page', request, { timeoutMs: ASK_MS });
      const checked = answer.kind === 'answered' ? checkPage(answer.value) : undefined;
      if (!checked?.ok) break;
      found.push(...(checked.value.spans as readonly SpanRecord[]));
      if (checked.value.spans.length === 0 || found.length >= checked.value.total) break;
    }
    return found.map((span) => ({ ...span, thread: `${node}/${span.thread}` }));
  };
  return async (correlationId: string, from: TraceSources = 'all') => {
    const found = [...(await own(correlationId))];
    const asked = new Set([system.node]);
    for (;;) {
      const named = from === 'all' ? undefined : nodesIn(found);
      const next = members()
        .map(({ node }) => node)
        .filter((node) => !asked.has(node) && (named?.has(node) ?? true))
        .slice(0, NODES_MAX + 1 - asked.size);
      if (next.length === 0) return found.sort((a, b) => a.startMs - b.startMs);
      for (const node of next) asked.add(node);
      found.push(...(await Promise.all(next.map((node) => ofNode(node, correlationId)))).flat());
    }
  };
}

/** Nodes that spans say were asked for something. */
const nodesIn = (spans: readonly SpanRecord[]): ReadonlySet<string> =>
  new Set(
    spans.flatMap(({ attributes }) => {
      const parsed = parseAddress(String(attributes['skein.actor'] ?? ''));
      return parsed.ok ? [parsed.value.node] : [];
    }),
  );
