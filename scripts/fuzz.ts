/**
 * `npm run fuzz -- [--cases 100000] [--seed 1] [--target host-calls|manifest|both] [--case N] [--json]`: what untrusted skills
 * can send to the node, mutated and made up. A failure says the command that repeats it. Exit code 1: something failed.
 */
import { parseArgs } from 'node:util';
import { fuzzHostCalls } from '../tests/support/fuzz/fuzz-host-calls.ts';
import { fuzzManifest } from '../tests/support/fuzz/fuzz-manifest.ts';
import { runFuzz } from '../tests/support/fuzz/run-fuzz.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', default: 'both' },
    case: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const TARGETS = { 'host-calls': fuzzHostCalls, manifest: fuzzManifest };
const chosen = Object.entries(TARGETS).filter(([name]) => ['both', name].includes(values.target));
const cases = Number(values.cases);
const only = values.case === undefined ? undefined : Number(values.case);
if (chosen.length === 0 || !Number.isSafeInteger(cases) || cases < 1 || Number.isNaN(only)) {
  process.stderr.write(
    'usage: npm run fuzz -- [--cases COUNT] [--seed SEED] [--target host-calls|manifest|both] [--case N] [--json]\n',
  );
  process.exit(2);
}
for (const [, target] of chosen) {
  const report = await runFuzz(target(), {
    ...{ cases, seed: values.seed },
    ...(only === undefined ? {} : { only }),
  });
  const { failures, outcomes, reached, ...figures } = report;
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    for (const [outcome, count] of Object.entries({ ...outcomes, ...reached }).sort(
      ([, a], [, b]) => b - a,
    ))
      process.stdout.write(`  ${String(count).padStart(7)} ${outcome}\n`);
    for (const { command, reason } of failures) process.stdout.write(`${command}\n${reason}\n`);
  }
  if (report.failed > 0) process.exitCode = 1;
}
