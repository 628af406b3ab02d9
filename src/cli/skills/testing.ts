/** `skein skills init | test | dev`: a folder to start from, and what is wrong with one, once or at each save. */
import { basename, relative, resolve } from 'node:path';
import {
  type CaseReport,
  developSkill,
  endBundler,
  type FolderReport,
  makeSkillFolder,
  testSkillFolder,
} from '../../authoring/index.ts';
import type { Result } from '../../contracts/index.ts';
import { realPorts } from '../../host/index.ts';
import {
  bold,
  dim,
  type GlobalOptions,
  green,
  milliseconds,
  printJson,
  printLine,
  red,
  reportError,
} from '../output.ts';

export async function initCommand(
  named: string | undefined,
  options: GlobalOptions,
): Promise<number> {
  const folder = resolve(named ?? '.');
  const made = await makeSkillFolder(folder, basename(folder));
  if (!made.ok) return reportError(made.error, options.json);
  const { name, files } = made.value;
  if (options.json) {
    printJson(made.value);
    return 0;
  }
  printLine(`${green('made')} ${name} in ${folder}: ${files.join(', ')}`);
  printLine('next:');
  if (named !== undefined) printLine(`  cd ${named}`);
  printLine('  skein skills dev                # tests it again at each save');
  printLine(`  skein run ./ --input '{"name":"Ada"}'`);
  printLine('  skein skills pack');
  return 0;
}

export async function testCommand(
  path: string,
  options: GlobalOptions & { readonly record?: boolean },
): Promise<number> {
  const folder = resolve(path);
  const ended = stopping();
  const startedMs = realPorts.clock.monotonicMs();
  const tested = await testSkillFolder(folder, {
    signal: ended.signal,
    isRecording: options.record ?? false,
  });
  await endBundler();
  ended.release();
  if (!tested.ok) return reportError(tested.error, options.json);
  const elapsedMs = realPorts.clock.monotonicMs() - startedMs;
  if (options.json) printJson({ ...tested.value, elapsedMs });
  else printReport(tested.value, folder, elapsedMs);
  return tested.value.ok ? 0 : 1;
}

export async function devCommand(path: string, options: GlobalOptions): Promise<number> {
  const folder = resolve(path);
  const ended = stopping();
  if (!options.json) printLine(dim(`watching ${folder}; Ctrl-C ends it`));
  let startedMs = realPorts.clock.monotonicMs();
  const watched = await developSkill({
    folder,
    timers: realPorts.timers,
    signal: ended.signal,
    onRound: (result, changed) => {
      const elapsedMs = realPorts.clock.monotonicMs() - startedMs;
      if (options.json) printJson({ changed: changed ?? null, ...result });
      else printRound(result, { changed, folder, elapsedMs });
    },
    onBegin: () => {
      startedMs = realPorts.clock.monotonicMs();
    },
  });
  await endBundler();
  ended.release();
  return watched.ok ? 0 : reportError(watched.error, options.json);
}

function printRound(
  result: Result<FolderReport>,
  round: {
    readonly changed: string | undefined;
    readonly folder: string;
    readonly elapsedMs: number;
  },
): void {
  if (round.changed !== undefined) printLine(dim(`${round.changed} has changed`));
  if (!result.ok) return void reportError(result.error, false);
  printReport(result.value, round.folder, round.elapsedMs);
  for (const { name, output } of result.value.gave) printLine(dim(`  ${name} gives ${output}`));
}

/** The first Ctrl-C ends what runs in order; the second the process. */
function stopping(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

function printReport(report: FolderReport, folder: string, elapsedMs: number): void {
  const { name, version, types, cases, printed, fault, notes } = report;
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (printed !== '') printLine(dim(printed.trimEnd()));
  const failed = cases.filter(({ ok }) => !ok);
  for (const each of failed) printFailed(each, folder);
  if (fault !== null) printLine(red(`the tests did not come to their end: ${fault}`));
  const skipped = cases.filter(({ isSkipped }) => isSkipped).length;
  const parts = [
    types.kind === 'checked' ? 'types fit' : `types not checked (${types.reason})`,
    `${cases.length - failed.length - skipped} passed`,
    ...(failed.length > 0 ? [red(`${failed.length} failed`)] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const head = report.ok ? green('ok') : red('failed');
  printLine(
    `${head} ${bold(`${name}@${version}`)}  ${parts.join(', ')} ${dim(`in ${milliseconds(elapsedMs)}`)}`,
  );
}

function printFailed({ name, file, line, message }: CaseReport, folder: string): void {
  const path = file === null ? '' : relative(folder, file);
  const place =
    path === '' || path.startsWith('..') ? '' : `${path}${line === null ? '' : `:${line}`}: `;
  printLine(`${red('✗')} ${place}${bold(name)}`);
  for (const each of (message ?? '').split('\n')) printLine(`    ${each}`);
}
