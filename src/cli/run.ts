/** `skein run`: a plan, a skill folder or a skill by name, on the running node or on one of its own. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ControlClient, type RunAnswer } from '../api/index.ts';
import {
  ERROR_TABLE,
  failure,
  type Json,
  LIMITS,
  type Result,
  reasonOf,
  success,
} from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import type { ExecuteRequest } from '../runtime/index.ts';
import { readBounded } from '../skills/index.ts';
import { profileOf } from './contract.ts';
import { startLocalNode } from './local-node.ts';
import {
  bold,
  type GlobalOptions,
  milliseconds,
  printJson,
  printValue,
  reportError,
  terminalText,
} from './output.ts';
import { progressPrinter } from './progress.ts';

export interface RunOptions extends GlobalOptions {
  readonly input?: string;
  readonly out?: string;
  readonly quiet?: boolean;
  readonly profile?: string;
}

/** @returns the exit code. */
export async function runCommand(
  target: string,
  files: readonly string[],
  options: RunOptions,
): Promise<number> {
  const request = await requestOf(target, files, options.input);
  if (!request.ok) return reportError(request.error, options.json);
  const profile = await profileOf(options.profile);
  if (!profile.ok) return reportError(profile.error, options.json);
  const { clock } = realPorts;
  const toStderr = (line: string): void => void process.stderr.write(`${terminalText(line)}\n`);
  const onEvent =
    options.json || options.quiet ? () => undefined : progressPrinter(clock.monotonicMs, toStderr);
  const answer = await execute(
    { ...request.value, ...(profile.value ? { profile: profile.value } : {}) },
    options.data,
    onEvent,
  );
  return answer.ok ? showAnswer(answer.value, options) : reportError(answer.error, options.json);
}

async function execute(
  request: ExecuteRequest,
  dataDir: string,
  onEvent: Parameters<ControlClient['run']>[1],
): Promise<Result<RunAnswer>> {
  const remote = await new ControlClient(dataDir).run(request, onEvent);
  if (remote.ok || remote.error.code !== 'NODE_UNREACHABLE') return remote;
  const node = await startLocalNode({ dataDir });
  if (!node.ok) return node;
  const outcome = await node.value.execute(request, onEvent);
  const spans = await node.value.trace(outcome.correlationId, 'asked');
  await node.value.close();
  return success({ outcome, spans });
}

async function showAnswer({ outcome, spans }: RunAnswer, options: RunOptions): Promise<number> {
  if (options.json) printJson({ ...outcome, spans });
  if (!outcome.ok)
    return options.json
      ? ERROR_TABLE[outcome.error.code].exitCode
      : reportError(outcome.error, false);
  const text =
    typeof outcome.value === 'string' ? outcome.value : JSON.stringify(outcome.value, null, 2);
  if (options.out !== undefined) {
    await writeFile(options.out, text.endsWith('\n') ? text : `${text}\n`);
    process.stderr.write(`written: ${options.out}\n`);
  }
  if (options.json) return 0;
  if (options.out === undefined) printValue(text);
  const facts = `${outcome.attempts} attempts, ${milliseconds(outcome.elapsedMs)}, cpu ${milliseconds(outcome.usage.cpuMs)}`;
  process.stderr.write(
    `${bold('ok')} ${facts}; skein trace ${outcome.correlationId} shows where the time went\n`,
  );
  return 0;
}

/** Files after the target become `input.files`, as absolute paths. */
export async function requestOf(
  target: string,
  files: readonly string[],
  inputText: string | undefined,
): Promise<Result<ExecuteRequest>> {
  const input = await readInput(inputText);
  if (!input.ok) return input;
  const withFiles =
    files.length === 0
      ? input.value
      : { ...(input.value as object), files: files.map((file) => resolve(file)) };
  const given = withFiles === undefined ? {} : { input: withFiles as Json };
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory())
    return success({ target: { kind: 'skill', skill: resolve(target) }, ...given });
  if (found?.isFile()) {
    const text = await readBounded(target, LIMITS.planBytes);
    return text.ok
      ? success({
          target: { kind: 'plan-text', text: text.value, file: resolve(target) },
          ...given,
        })
      : text;
  }
  if (/[/\\]|\.(ya?ml|json)$/.test(target)) {
    return failure('FILE_UNREADABLE', { file: target, reason: 'there is no such file or folder' });
  }
  return success({ target: { kind: 'skill', skill: target }, ...given });
}

/** `--input`: JSON, `@file`, or `-` for standard input. */
async function readInput(text: string | undefined): Promise<Result<Json | undefined>> {
  if (text === undefined) return success(undefined);
  try {
    const json =
      text === '-'
        ? await readStdin()
        : text.startsWith('@')
          ? await readFile(text.slice(1), 'utf8')
          : text;
    return success(JSON.parse(json) as Json);
  } catch (thrown) {
    return failure('ARGUMENT_INVALID', {
      argument: '--input',
      found: reasonOf(thrown),
      expected: 'JSON, @file with JSON, or - for standard input',
    });
  }
}

export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
