/** `skein drain` and `skein redeploy`: what an operator does to running nodes, with a timeline and a report. */
import { resolve } from 'node:path';
import { ControlClient } from '../api/index.ts';
import { type SkeinError, skeinError } from '../contracts/index.ts';
import type { DrainReport } from '../supervisor/index.ts';
import {
  bold,
  type GlobalOptions,
  milliseconds,
  printJson,
  printLine,
  reportError,
} from './output.ts';
import { whatRuns } from './running.ts';
import { factsOf, Timeline } from './timeline.ts';

export interface DrainOptions extends GlobalOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly undo?: boolean;
}

/** `node`: name in its group or node ID; default: the one node of the data directory. */
export async function drainCommand(
  node: string | undefined,
  options: DrainOptions,
): Promise<number> {
  const name = node ?? 'self';
  const client = new ControlClient(options.data);
  if (node === undefined) {
    const names = (await whatRuns(options.data))?.nodeNames;
    if (names) return reportError(whichOf(names), options.json);
  }
  const path = `/v1/nodes/${encodeURIComponent(name)}`;
  const timeline = new Timeline('drain', options);
  if (options.undo) {
    const resumed = await client.post<null>(`${path}/resume`, {});
    if (!resumed.ok) return reportError(resumed.error, options.json);
    if (options.json) printJson({ node: name, work: 'ready' });
    else printLine(`${name} takes work again`);
    return 0;
  }
  timeline.note(`${name} drain`);
  const drained = await client.post<DrainReport>(`${path}/drain`, { timeoutMs: options.timeout });
  if (!drained.ok) {
    timeline.note(`${name} not drained`, { ok: false, detail: drained.error.message });
    await timeline.report('failed', factsOf({ node: name, error: drained.error }));
    return reportError(drained.error, options.json);
  }
  const { elapsedMs, finishedRuns } = drained.value;
  timeline.note(`${name} drained`, {
    detail: `${finishedRuns} runs ended in ${Math.round(elapsedMs)} ms`,
  });
  const report = await timeline.report('done', factsOf({ node: name, ...drained.value }));
  if (options.json) printJson({ node: name, ...drained.value, report: report ?? null });
  else if (report !== undefined) printLine(`report in ${report}`);
  return 0;
}

const whichOf = (names: readonly string[]): SkeinError =>
  skeinError('ARGUMENT_INVALID', {
    argument: 'node',
    found: 'none, and a group',
    expected: `one of ${names.join(', ')}`,
  });

export interface RedeployOptions extends GlobalOptions {
  readonly group?: string;
  readonly file?: string;
  /** Milliseconds. */
  readonly timeout: number;
}

export async function redeployCommand(options: RedeployOptions): Promise<number> {
  const { group, file, timeout } = options;
  const timeline = new Timeline('redeploy', options);
  const request = {
    timeoutMs: timeout,
    ...(group === undefined ? {} : { group }),
    ...(file === undefined ? {} : { file: resolve(file) }),
  };
  const client = new ControlClient(options.data);
  const done = await client.redeploy(request, ({ name, act, detail }) =>
    timeline.note(`${name} ${act}`, {
      ok: act !== 'failed' && act !== 'turn back',
      ...(detail === undefined ? {} : { detail }),
    }),
  );
  const status = await client.get<object>('/v1/status');
  const now = status.ok ? status.value : null;
  if (!done.ok) {
    await timeline.report('failed', factsOf({ error: done.error, status: now }));
    return reportError(done.error, options.json);
  }
  const report = await timeline.report('done', factsOf({ ...done.value, status: now }));
  const { replaced, elapsedMs } = done.value;
  if (options.json) printJson({ ...done.value, report: report ?? null });
  else {
    printLine(bold(`${replaced.length} nodes replaced in ${milliseconds(elapsedMs)}`));
    if (report !== undefined) printLine(`report in ${report}`);
  }
  return 0;
}
