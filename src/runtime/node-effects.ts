/** What skills reach on this node beside network and key-value store: workspaces of runs, channels, models, virtual actors. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Meter } from '@opentelemetry/api';
import { effectsActor } from '../actors/index.ts';
import { LIMITS, type Ports, type Result } from '../contracts/index.ts';
import { realHttpClient, realPorts } from '../host/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import {
  HaltableCalls,
  type HaltJudge,
  ModelService,
  Notifier,
  SecretStore,
  type TokenUse,
  Workspaces,
} from '../sandbox/index.ts';
import type { Metrics } from '../telemetry/index.ts';
import { actorCalls } from './actor-calls.ts';
import type { NodeActors } from './node-actors.ts';
import type { NodeOptions } from './node-options.ts';

export interface NodeEffectsParts {
  readonly system: ActorSystem;
  readonly options: Pick<NodeOptions, 'dataDir' | 'effects'>;
  readonly metrics: Metrics | undefined;
  readonly halted: HaltJudge;
  /** Undefined until the node is ready. */
  readonly actors: () => NodeActors | undefined;
}

export interface OpenedEffects {
  readonly poolArgs: { readonly effects: ActorRef; readonly secretsFile?: string };
  /** Before the first run. Failures: FILE_FAILED, SECRETS_UNUSABLE. */
  readonly prepare: () => Promise<Result<void>>;
  readonly close: () => Promise<void>;
}

export function openNodeEffects(parts: NodeEffectsParts): OpenedEffects {
  const { system, options } = parts;
  const ports = realPorts;
  const { dataDir, effects: { secretsFile, notify = {}, llm = {} } = {} } = options;
  const file = secretsFile === undefined ? {} : { secretsFile };
  const workspaces = new Workspaces({
    folder: workspaceFolder(dataDir, ports),
    quota: { bytes: LIMITS.workspaceBytes, files: LIMITS.workspaceFiles },
    ports,
  });
  const secrets = new SecretStore({
    env: process.env,
    ...(secretsFile === undefined ? {} : { file: secretsFile }),
  });
  const services = { http: realHttpClient, secrets, clock: ports.clock };
  const effects = {
    workspaces,
    notify: new Notifier({
      ...services,
      channels: notify,
      log: ({ channel, subject, text, skill, tenant }) =>
        system.log.info(`note to ${channel}: ${subject}`, { text, skill, tenant }),
    }),
    models: new ModelService({
      ...services,
      models: llm,
      onUse: tokenCounter(parts.metrics?.meter),
    }),
    actors: actorCalls(parts.actors),
    calls: new HaltableCalls(parts.halted),
  };
  const ref = system.spawn(effectsActor, effects, { name: 'effects' });
  return {
    poolArgs: { effects: ref, ...file },
    prepare: async () => {
      const loaded = secrets.load();
      return loaded.ok ? workspaces.prepare() : loaded;
    },
    close: () => workspaces.close(),
  };
}

const workspaceFolder = (dataDir: string | 'memory', { random }: Ports): string =>
  dataDir === 'memory'
    ? join(tmpdir(), `skein-workspaces-${Buffer.from(random.bytes(12)).toString('hex')}`)
    : join(dataDir, 'workspaces');

function tokenCounter(meter: Meter | undefined): (use: TokenUse) => void {
  const tokens = meter?.createCounter('skein_llm_tokens_total', {
    description: 'Tokens of completions for skills, as their providers counted them.',
  });
  return ({ model, inputTokens, outputTokens }) => {
    tokens?.add(inputTokens, { model, direction: 'input' });
    tokens?.add(outputTokens, { model, direction: 'output' });
  };
}
