/** Gates: what has to be so before a node is relied on, looked at without changing anything. */
import { reasonOf } from '../../contracts/index.ts';
import { fail, type Gate, type GateReport, type GateWorld } from './gate.ts';
import {
  deadLettersGate,
  membersGate,
  natsGate,
  nodeGate,
  refusedPacketsGate,
  sandboxesGate,
  threadsGate,
} from './running.ts';
import {
  actorsGate,
  clusterFileGate,
  dataDirectoryGate,
  journalGate,
  keyValueGate,
  natsConfigGate,
  natsKeyGate,
  nodeKeyGate,
  policyGate,
  signersGate,
  skillsGate,
} from './stored.ts';

export type { GateReport, GateWorld } from './gate.ts';

const GATES: readonly Gate[] = [
  dataDirectoryGate,
  journalGate,
  keyValueGate,
  actorsGate,
  skillsGate,
  signersGate,
  nodeKeyGate,
  natsKeyGate,
  natsConfigGate,
  policyGate,
  clusterFileGate,
  nodeGate,
  threadsGate,
  sandboxesGate,
  natsGate,
  membersGate,
  refusedPacketsGate,
  deadLettersGate,
];

/** Passes every gate in turn. Never rejects: a gate that throws fails. */
export async function validate(
  world: GateWorld,
  onGate: (report: GateReport) => void = () => undefined,
): Promise<readonly GateReport[]> {
  const { clock } = world.ports;
  const reports: GateReport[] = [];
  for (const { id, look } of GATES) {
    const sinceMs = clock.monotonicMs();
    const result = await look(world).catch((thrown: unknown) =>
      fail(`the gate itself failed: ${reasonOf(thrown)}`, 'Please report it.'),
    );
    const report = { id, ...result, elapsedMs: clock.monotonicMs() - sinceMs };
    reports.push(report);
    onGate(report);
  }
  return reports;
}
