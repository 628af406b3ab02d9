/** Runs checks on a network of its own that is taken away however they end, and says what they found. */
import os from 'node:os';
import type { CheckContext } from './check.ts';
import { type Finding, tableOf } from './finding.ts';
import { endAll, startRendezvous } from './machines.ts';
import { Topology, whyNot } from './topology.ts';

export interface Rendezvous {
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
}

type Check = (context: CheckContext, rendezvous: Rendezvous) => Promise<void>;
type Options = Pick<CheckContext, 'cuts' | 'rounds' | 'seed'> & { readonly isJson: boolean };

const EXIT = { failed: 1, interrupted: 130, cannotRun: 3 } as const;

export const progress = (line: string): boolean => process.stderr.write(`${line}\n`);

/** Ends the process: 0 when everything was found as wanted. */
export async function onNetwork(
  { isJson, ...options }: Options,
  checks: readonly (readonly [name: string, check: Check])[],
): Promise<never> {
  const refusal = whyNot();
  if (refusal !== undefined) {
    progress(refusal);
    process.exit(EXIT.cannotRun);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(EXIT.interrupted));
  }
  const network = new Topology();
  process.once('exit', () => {
    endAll();
    network.remove();
  });
  const rows: Finding[] = [];
  const report = (finding: Finding): void => {
    rows.push(finding);
    if (isJson) process.stdout.write(`${JSON.stringify(finding)}\n`);
  };
  let kill = await startRendezvous(network);
  const rendezvous: Rendezvous = {
    kill: () => kill(),
    restart: async () => {
      kill = await startRendezvous(network);
    },
  };
  for (const [name, check] of checks) {
    try {
      await check({ ...options, network, report, progress }, rendezvous);
    } catch (thrown) {
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      report({
        check: name,
        what: 'came to its end',
        found,
        unit: '',
        goal: 'holds',
        isMet: false,
      });
      break;
    }
  }
  if (!isJson) process.stdout.write(`\n${tableOf(rows)}\n`);
  const failed = rows.filter(({ isMet }) => !isMet).length;
  const load = os.loadavg()[0]?.toFixed(1);
  progress(`${rows.length} findings, ${failed} not as wanted; load of the machine ${load}`);
  process.exit(failed > 0 || rows.length === 0 ? EXIT.failed : 0);
}
