/** What skills reach on this node beside network and key-value store: the workspaces of runs, under the data directory. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { effectsActor } from '../actors/index.ts';
import { LIMITS, type Ports, type Result } from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import { SecretStore, Workspaces } from '../sandbox/index.ts';
import type { NodeOptions } from './node-options.ts';

export interface NodeEffectsParts {
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly options: Pick<NodeOptions, 'dataDir' | 'effects'>;
}

export interface OpenedEffects {
  readonly poolArgs: { readonly effects: ActorRef; readonly secretsFile?: string };
  /** Before the first run. Failures: FILE_FAILED, SECRETS_UNUSABLE. */
  readonly prepare: () => Promise<Result<void>>;
  readonly close: () => Promise<void>;
}

export function openNodeEffects(parts: NodeEffectsParts): OpenedEffects {
  const { system, ports, options } = parts;
  const { dataDir, effects: { secretsFile } = {} } = options;
  const file = secretsFile === undefined ? {} : { secretsFile };
  const workspaces = new Workspaces({
    folder: workspaceFolder(dataDir, ports),
    quota: { bytes: LIMITS.workspaceBytes, files: LIMITS.workspaceFiles },
    ports,
  });
  const ref = system.spawn(effectsActor, { workspaces }, { name: 'effects' });
  return {
    poolArgs: { effects: ref, ...file },
    prepare: async () => {
      const secrets = new SecretStore({
        env: process.env,
        ...(secretsFile === undefined ? {} : { file: secretsFile }),
      }).load();
      return secrets.ok ? workspaces.prepare() : secrets;
    },
    close: () => workspaces.close(),
  };
}

const workspaceFolder = (dataDir: string | 'memory', { random }: Ports): string =>
  dataDir === 'memory'
    ? join(tmpdir(), `skein-workspaces-${Buffer.from(random.bytes(12)).toString('hex')}`)
    : join(dataDir, 'workspaces');
