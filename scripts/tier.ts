/** `npm run tier -- fast|full|nightly`: what a change, a merge and a night must pass, with the time each took of its limit. */
import { run } from './run.ts';

const npm = (...args: readonly string[]) => ({ name: `npm ${args.join(' ')}`, args });
const FAST = [
  npm('run', 'check'),
  npm('test', '--', '--project', 'unit', '--project', 'conformance'),
];
const FULL = [npm('run', 'check'), npm('run', 'examples'), npm('test')];
const TIERS = {
  fast: { limitMinutes: 3, steps: FAST },
  full: { limitMinutes: 20, steps: FULL },
  nightly: { limitMinutes: 80, steps: [...FULL, npm('run', 'bench'), npm('run', 'stress:10')] },
} as const;

const [wanted = ''] = process.argv.slice(2);
if (!Object.hasOwn(TIERS, wanted)) {
  process.stderr.write(`there is no tier ${wanted}; there are ${Object.keys(TIERS).join(', ')}\n`);
  process.exit(2);
}
const { limitMinutes, steps } = TIERS[wanted as keyof typeof TIERS];
const startMs = performance.now();
for (const { name, args } of steps) run(name, 'npm', [...args]);
const minutes = (performance.now() - startMs) / 60_000;
process.stdout.write(`\ntier ${wanted}: ${minutes.toFixed(1)} of ${limitMinutes} minutes\n`);
process.exit(minutes > limitMinutes ? 1 : 0);
