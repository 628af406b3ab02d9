/** `skein doctor`: what is wrong, from the ground up. */
import { failure, isSafeName } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import { type CheckReport, examine } from '../runtime/index.ts';
import { createLog, printable } from '../telemetry/index.ts';
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
} from './output.ts';
import { asJson, keepReport, type Step, timed } from './report.ts';
import { askEachNode, type Running, whatRuns } from './running.ts';

export interface DoctorCommandOptions extends GlobalOptions {
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly natsCa?: string;
  readonly cluster?: string;
}

export async function doctorCommand(options: DoctorCommandOptions): Promise<number> {
  const { data: dataDir, json } = options;
  const running = await whatRuns(dataDir);
  const cluster = options.cluster ?? running?.cluster ?? 'default';
  if (!isSafeName(cluster) || cluster.includes('.')) {
    const expected = 'a name of letters, digits, "-" and "_"';
    const details = { argument: 'cluster', found: cluster.slice(0, 100), expected };
    return reportError(failure('ARGUMENT_INVALID', details).error, json);
  }
  const access = accessOf(options, running);
  const log = createLog({ level: 'silent', format: 'json', clock: realPorts.clock, bindings: {} });
  const { elapsedMs, finish } = timed('doctor');
  const steps: Step[] = [];
  const diagnosis = await examine({
    ...{ dataDir, cluster, ports: realPorts, log },
    ...(access ? { access } : {}),
    ...(running?.status ? { status: running.status } : {}),
    onCheck: (check) => {
      const { layer, verdict, found } = check;
      const detail = `${verdict}: ${found}`;
      steps.push({ name: layer, elapsedMs: elapsedMs(), ok: verdict !== 'fail', detail });
      if (!json) show(check);
    },
  });
  const { failing, exitCode } = diagnosis;
  if (!json) {
    if (failing) printLine(`\n${red('failing')} ${bold(failing.layer)}. ${failing.advice ?? ''}`);
    else printLine(`\n${green('nothing fails')}`);
  }
  const nodeNames = running?.nodeNames;
  if (nodeNames && !json) printLine(askEachNode(nodeNames, dataDir, 'doctor'));
  const report = await keepReport(dataDir, finish(exitCode === 0, steps, asJson(diagnosis)), json);
  if (json) printJson({ ...diagnosis, groupNodes: nodeNames ?? null, report: report ?? null });
  return exitCode;
}

/** What flags name; without them, what the running node uses. A password in its URL is nowhere told, and has to be given. */
function accessOf(options: DoctorCommandOptions, running: Running | undefined) {
  const { nats, natsCreds, natsCa } = options;
  const url = nats ?? running?.nats;
  if (url === undefined) return undefined;
  const isSame = url === running?.nats;
  const credsFile = natsCreds ?? (isSame ? running?.natsCredsFile : undefined);
  const caFile = natsCa ?? (isSame ? running?.natsCaFile : undefined);
  return { url, ...(credsFile ? { credsFile } : {}), ...(caFile ? { caFile } : {}) };
}

const MARKS: Readonly<Record<CheckReport['verdict'], string>> = {
  ok: green('ok     '),
  warn: bold('warn   '),
  fail: red('FAIL   '),
  skipped: dim('skipped'),
};

function show({ layer, verdict, found, advice, elapsedMs }: CheckReport): void {
  printLine(
    `${MARKS[verdict]} ${layer.padEnd(20)} ${printable(found)} ${dim(milliseconds(elapsedMs))}`,
  );
  if (advice !== undefined) printLine(`${' '.repeat(29)}${advice}`);
}
