/**
 * The examples once more in a sandbox, as a node runs them: the tapes that the test kit recorded are played behind the wall, and have
 * to come to the same. What the kit lets through and the wall does not (a limit, a global that is not there) shows on the author's desk.
 */
import { resourcesOf } from '../../actors/index.ts';
import {
  type CorrelationId,
  DEFAULT_TENANT,
  failure,
  type Result,
  success,
} from '../../contracts/index.ts';
import { realPorts, realProcesses } from '../../host/index.ts';
import { canonicalJson, grantsPolicy, type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { packageOf } from '../../skills/index.ts';
import type { SkillRecording } from '../../testing/index.ts';

const CORRELATION_ID = '0123456789abcdef0123456789abcdef' as CorrelationId;

/** Failures: SANDBOX_UNSUPPORTED and SANDBOX_UNAVAILABLE where there is no sandbox; SKILL_REFUSED when an example differs. */
export async function playBehindTheWall(
  source: string,
  recordings: readonly SkillRecording[],
): Promise<Result<void>> {
  const sandbox = await startSandbox({ ports: realPorts, processes: realProcesses, warmHosts: 0 });
  if (!sandbox.ok) return sandbox;
  try {
    for (const recording of recordings) {
      const played = await play(sandbox.value, source, recording);
      if (!played.ok) return played;
    }
    return success(undefined);
  } finally {
    await sandbox.value.close();
  }
}

async function play(
  sandbox: Sandbox,
  source: string,
  { manifest, input, grants, tape, result }: SkillRecording,
): Promise<Result<void>> {
  const resources = resourcesOf(manifest);
  const host = await sandbox.lease(DEFAULT_TENANT, resources);
  if (!host.ok) return host;
  const { seed, startWallMs } = tape;
  const report = await host.value.run({
    ...{ input, resources, grants, policy: grantsPolicy(grants), seed, startWallMs, tape },
    skill: packageOf(manifest, source),
    tenant: DEFAULT_TENANT,
    correlationId: CORRELATION_ID,
    attempt: 1,
    effects: {},
  });
  host.value.dispose();
  const [kit, wall] = [textOf(result), textOf(report.result)];
  if (kit === wall) return success(undefined);
  const reason = `in a sandbox ${canonicalJson(input)} gives ${wall}, and in the test kit ${kit}`;
  return failure('SKILL_REFUSED', { skill: manifest.name, reason });
}

const textOf = (result: SkillRecording['result']): string =>
  result.ok ? canonicalJson(result.value) : `${result.error.code} (${result.error.message})`;
