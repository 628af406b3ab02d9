/** `skein validate`: gates with pass or fail, for a data directory and the node that runs on it. */
import { realPorts } from '../host/index.ts';
import { type GateReport, validate } from '../runtime/index.ts';
import { printable } from '../telemetry/index.ts';
import { dim, type GlobalOptions, green, printJson, printLine, red } from './output.ts';
import { asJson, keepReport, type Step, timed } from './report.ts';
import { askEachNode, whatRuns } from './running.ts';
import { buildVersion } from './version.ts';

export interface ValidateOptions extends GlobalOptions {
  readonly policy?: string;
  readonly file?: string;
  readonly deadLetters: number;
}

export async function validateCommand(options: ValidateOptions): Promise<number> {
  const { data: dataDir, json, policy: policyFile, deadLetters: deadLettersMax } = options;
  const status = async () => (await whatRuns(dataDir))?.status;
  const { elapsedMs, finish } = timed('validate');
  const steps: Step[] = [];
  const facts = { clusterFile: options.file, version: await buildVersion() };
  const world = { dataDir, policyFile, deadLettersMax, status, ports: realPorts, ...facts };
  const gates = await validate(world, (gate) => {
    const { id, result, why } = gate;
    steps.push({
      name: id,
      elapsedMs: elapsedMs(),
      ok: result !== 'fail',
      detail: `${result}: ${why}`,
    });
    if (!json) show(gate);
  });
  const failed = gates.filter(({ result }) => result === 'fail').map(({ id }) => id);
  const outcome = { failed, gates };
  if (!json)
    printLine(
      failed.length > 0 ? `\n${red('failed')} ${failed.join(', ')}` : `\n${green('valid')}`,
    );
  const nodeNames = (await whatRuns(dataDir))?.nodeNames;
  if (nodeNames && !json) printLine(askEachNode(nodeNames, dataDir, 'validate'));
  const report = await keepReport(
    dataDir,
    finish(failed.length === 0, steps, asJson(outcome)),
    json,
  );
  if (json) printJson({ ...outcome, groupNodes: nodeNames ?? null, report: report ?? null });
  return failed.length === 0 ? 0 : 1;
}

const MARKS: Readonly<Record<GateReport['result'], string>> = {
  pass: green('pass'),
  fail: red('FAIL'),
  skip: dim('skip'),
};

function show({ id, result, why, advice }: GateReport): void {
  printLine(`${MARKS[result]} ${id.padEnd(16)} ${printable(why)}`);
  if (advice !== undefined) printLine(`${' '.repeat(22)}${advice}`);
}
