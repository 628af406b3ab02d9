/** What skills reach on this node beside network and key-value store: the workspaces of runs, under the data directory. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { effectsActor } from '../actors/index.ts';
import { LIMITS, type Ports, type Result } from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import { Workspaces } from '../sandbox/index.ts';

export interface NodeEffectsParts {
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly dataDir: string | 'memory';
}

export interface OpenedEffects {
  readonly ref: ActorRef;
  /** Before the first run. Failure: FILE_FAILED. */
  readonly prepare: () => Promise<Result<void>>;
  readonly close: () => Promise<void>;
}

export function openNodeEffects({ system, ports, dataDir }: NodeEffectsParts): OpenedEffects {
  const workspaces = new Workspaces({
    folder: workspaceFolder(dataDir, ports),
    quota: { bytes: LIMITS.workspaceBytes, files: LIMITS.workspaceFiles },
    ports,
  });
  const ref = system.spawn(effectsActor, { workspaces }, { name: 'effects' });
  return { ref, prepare: () => workspaces.prepare(), close: () => workspaces.close() };
}

const workspaceFolder = (dataDir: string | 'memory', { random }: Ports): string =>
  dataDir === 'memory'
    ? join(tmpdir(), `skein-workspaces-${Buffer.from(random.bytes(12)).toString('hex')}`)
    : join(dataDir, 'workspaces');
