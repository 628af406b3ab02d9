/** `skein trace`: the spans of one request as a waterfall, from the running node or from the JSON of `skein run`. */
import Type from 'typebox';
import { ControlClient } from '../api/index.ts';
import { checker, failure, isCorrelationId, type Result, success } from '../contracts/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import {
  bold,
  type GlobalOptions,
  milliseconds,
  printJson,
  printLine,
  reportError,
} from './output.ts';
import { readStdin } from './run.ts';
import { summarise, waterfall } from './waterfall.ts';

const checkSpans = checker(
  Type.Array(
    Type.Object({
      traceId: Type.String(),
      spanId: Type.String(),
      parentSpanId: Type.Union([Type.String(), Type.Null()]),
      name: Type.String(),
      startMs: Type.Number(),
      endMs: Type.Number(),
      thread: Type.String(),
      attributes: Type.Record(
        Type.String(),
        Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
      ),
      error: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
);

export async function traceCommand(wanted: string, options: GlobalOptions): Promise<number> {
  const spans = wanted === '-' ? await spansOfInput() : await spansOfNode(wanted, options.data);
  if (!spans.ok) return reportError(spans.error, options.json);
  const [first] = spans.value;
  if (!first)
    return reportError(failure('TRACE_NOT_FOUND', { correlationId: wanted }).error, options.json);
  const summary = summarise(spans.value);
  if (options.json) printJson({ correlationId: first.traceId, ...summary, tree: spans.value });
  else showTrace(spans.value);
  return 0;
}

export function showTrace(spans: readonly SpanRecord[]): void {
  const summary = summarise(spans);
  const elapsedMs =
    Math.max(...spans.map((s) => s.endMs)) - Math.min(...spans.map((s) => s.startMs));
  const facts = `${summary.spans} spans, ${summary.orphans} orphans, ${milliseconds(elapsedMs)}`;
  printLine(`${bold(`trace ${spans[0]?.traceId}`)}: ${facts}`);
  for (const line of waterfall(spans)) printLine(line);
}

async function spansOfNode(
  wanted: string,
  dataDir: string,
): Promise<Result<readonly SpanRecord[]>> {
  if (!isCorrelationId(wanted)) {
    const expected =
      'a correlation ID of 32 hex characters, or - for the output of skein run --json';
    return failure('ARGUMENT_INVALID', {
      argument: 'id',
      found: JSON.stringify(wanted.slice(0, 80)),
      expected,
    });
  }
  return new ControlClient(dataDir).get(`/v1/traces/${wanted}`);
}

async function spansOfInput(): Promise<Result<readonly SpanRecord[]>> {
  const invalid = (found: string) =>
    failure('ARGUMENT_INVALID', {
      argument: '-',
      found,
      expected: 'the output of skein run --json',
    });
  try {
    const document = JSON.parse(await readStdin()) as { readonly spans?: unknown } | null;
    const checked = checkSpans(document?.spans);
    return checked.ok
      ? success(checked.value as readonly SpanRecord[])
      : invalid(`${checked.mismatch.pointer} ${checked.mismatch.found}`);
  } catch {
    return invalid('no JSON');
  }
}
