/** Runs the checks from the ground up. A check whose ground is missing is skipped, so that the first failure is the one to mend. */
import type { Log, Ports } from '../../contracts/index.ts';
import type { NatsAccess } from '../../transport/index.ts';
import type { NodeStatus } from '../skein-node.ts';
import {
  type Check,
  type CheckReport,
  type Finding,
  fail,
  type Layer,
  NO_CLUSTER,
  type Patient,
  skipped,
} from './check.ts';
import { clockCheck } from './clock.ts';
import { dataDirectoryCheck } from './data-directory.ts';
import { jetStreamCheck } from './jetstream.ts';
import { runningNodeCheck, sandboxCheck, slowConsumerCheck } from './node-checks.ts';
import { policyCheck } from './policy.ts';
import { nodeVersionCheck, programCheck } from './programs.ts';
import { credentialsCheck, payloadCheck, serverCheck, tlsCheck } from './server.ts';
import { subjectsCheck } from './subjects.ts';
import { wireVersionCheck } from './wire-version.ts';

export interface DoctorOptions {
  readonly dataDir: string;
  /** Undefined: no cluster is looked at. */
  readonly access?: NatsAccess;
  readonly cluster: string;
  /** Of the node that runs on the data directory; undefined: none does. */
  readonly status?: NodeStatus;
  readonly ports: Ports;
  readonly log: Log;
  readonly onCheck?: (report: CheckReport) => void;
}

export interface Diagnosis {
  readonly checks: readonly CheckReport[];
  /** The lowest layer that fails; null: none does. */
  readonly failing: CheckReport | null;
  /** 0: nothing fails; 3: the cluster cannot be reached; 1: something else fails. */
  readonly exitCode: 0 | 1 | 3;
}

const CHECKS: readonly Check[] = [
  nodeVersionCheck,
  dataDirectoryCheck,
  sandboxCheck,
  policyCheck,
  programCheck,
  serverCheck,
  tlsCheck,
  credentialsCheck,
  payloadCheck,
  subjectsCheck,
  jetStreamCheck,
  clockCheck,
  wireVersionCheck,
  slowConsumerCheck,
  runningNodeCheck,
];

/** Never rejects. */
export async function examine(options: DoctorOptions): Promise<Diagnosis> {
  const { onCheck, access, status, ports, ...rest } = options;
  const random = ports.random.fork('doctor');
  const patient: Patient = { ...rest, access, status, ports, random };
  const checks: CheckReport[] = [];
  const sound = new Set<Layer>();
  for (const check of CHECKS) {
    const sinceMs = ports.clock.monotonicMs();
    const finding = await findingOf(check, patient, sound);
    const { layer } = check;
    if (finding.verdict === 'ok' || finding.verdict === 'warn') sound.add(layer);
    const report = { layer, ...finding, elapsedMs: ports.clock.monotonicMs() - sinceMs };
    checks.push(report);
    onCheck?.(report);
  }
  await patient.nats?.close();
  const failing = checks.find(({ verdict }) => verdict === 'fail') ?? null;
  const isUnreached = checks.some(({ layer, verdict }) => layer === 'server' && verdict === 'fail');
  return { checks, failing, exitCode: failing === null ? 0 : isUnreached ? 3 : 1 };
}

async function findingOf(
  { needs, look }: Check,
  patient: Patient,
  sound: ReadonlySet<Layer>,
): Promise<Finding> {
  const missing = needs.find((layer) => !sound.has(layer));
  if (missing !== undefined)
    return skipped(patient.access ? `without ${missing} it cannot be looked at` : NO_CLUSTER);
  try {
    return await look(patient);
  } catch (thrown) {
    return fail(
      `the check itself failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      'Please report it.',
    );
  }
}
