/** A trace as a picture in text: the tree of spans, where each ran, and a bar for its time within the request. */
import { printable, type SpanRecord } from '../telemetry/index.ts';
import { dim, milliseconds, red } from './output.ts';

const BAR_COLUMNS = 40;
const NAME_COLUMNS = 46;
const MANY = 400;

export interface TraceSummary {
  readonly spans: number;
  /** Spans whose parent is not in the trace. A whole trace has none. */
  readonly orphans: number;
}

export function summarise(spans: readonly SpanRecord[]): TraceSummary {
  const known = new Set(spans.map((span) => span.spanId));
  const orphans = spans.filter(
    ({ parentSpanId }) => parentSpanId !== null && !known.has(parentSpanId),
  );
  return { spans: spans.length, orphans: orphans.length };
}

export function waterfall(spans: readonly SpanRecord[]): readonly string[] {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const endMs = Math.max(...spans.map((span) => span.endMs));
  const scale = BAR_COLUMNS / Math.max(endMs - startMs, 0.001);
  const children = new Map<string | null, SpanRecord[]>();
  const known = new Set(spans.map((span) => span.spanId));
  for (const span of spans) {
    const parent =
      span.parentSpanId !== null && known.has(span.parentSpanId) ? span.parentSpanId : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const lines: string[] = [];
  const threadColumns = Math.max(...spans.map(({ thread }) => thread.length));
  const draw = (span: SpanRecord, depth: number): void => {
    lines.push(
      line(span, {
        depth,
        threadColumns,
        offset: (span.startMs - startMs) * scale,
        width: (span.endMs - span.startMs) * scale,
      }),
    );
    for (const child of children.get(span.spanId) ?? []) draw(child, depth + 1);
  };
  for (const root of children.get(null) ?? []) draw(root, 0);
  const shown = lines.slice(0, MANY);
  const more =
    lines.length > MANY ? [dim(`… ${lines.length - MANY} more spans; --json has them all`)] : [];
  return [...shown, ...more];
}

interface Place {
  readonly depth: number;
  readonly threadColumns: number;
  readonly offset: number;
  readonly width: number;
}

function line(span: SpanRecord, { depth, threadColumns, offset, width }: Place): string {
  const name = `${' '.repeat(depth)}${printable(span.name)}`;
  const label = (name.length > NAME_COLUMNS ? `${name.slice(0, NAME_COLUMNS - 1)}…` : name).padEnd(
    NAME_COLUMNS,
  );
  const left = Math.min(BAR_COLUMNS - 1, Math.floor(offset));
  const bar = '█'.repeat(Math.max(1, Math.min(BAR_COLUMNS - left, Math.round(width))));
  const time = milliseconds(span.endMs - span.startMs).padStart(9);
  const detail = span.error ?? span.attributes['skein.detail'];
  const note =
    detail === undefined
      ? ''
      : ` ${span.error ? red(printable(String(detail))) : dim(printable(String(detail)))}`;
  return `${label} ${span.thread.padEnd(threadColumns)} ${time} ${' '.repeat(left)}${bar}${' '.repeat(BAR_COLUMNS - left - bar.length)}${note}`.trimEnd();
}
