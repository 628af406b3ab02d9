/**
 * The world behind the capabilities, for fuzzers: real stores and jails, a network that answers anything, all of it failing now
 * and then. It keeps watch: what it is asked for without a grant is a hole in the wall.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CapabilityGrants,
  failure,
  success,
  type TenantId,
} from '../../../src/contracts/index.ts';
import { realClock, realRandom } from '../../../src/host/index.ts';
import { memoryKeyValue } from '../../../src/journal/index.ts';
import { Workspaces } from '../../../src/sandbox/files/workspaces.ts';
import { type HostEffects, keyValueSpace, type LogLine } from '../../../src/sandbox/index.ts';
import type { Draw } from './draw.ts';

/** Of the operator: a skill hears it from `secret.get` alone. */
export const SECRET = 'sekrit-0123456789';

export interface PlayedWorld {
  readonly effects: HostEffects;
  readonly lines: readonly LogLine[];
  /** What was reached that must not be. Kept, not thrown: whoever serves a call takes a throw for a defect of the node. */
  readonly breaches: readonly string[];
  /** How often a defect of the node was played: as many calls may fail with INTERNAL. */
  readonly defects: () => number;
  /** Calls that wait for a disk. */
  readonly pending: () => number;
  readonly end: () => Promise<void>;
}

export interface PlayedEffects {
  readonly worldOf: (draw: Draw, grants: CapabilityGrants, owner: Owner) => PlayedWorld;
  readonly close: () => Promise<void>;
}

interface Owner {
  readonly tenant: TenantId;
  readonly skill: string;
  readonly run: string;
}

const PUBLIC = '93.184.216.34';
const ADDRESSES = [PUBLIC, '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', ''];

export function playedEffects(): PlayedEffects {
  const folder = mkdtempSync(join(tmpdir(), 'skein-fuzz-'));
  const workspaces = new Workspaces({
    folder,
    quota: { bytes: 1_000_000, files: 20 },
    ports: { clock: realClock, random: realRandom },
  });
  const worldOf: PlayedEffects['worldOf'] = (draw, grants, { tenant, skill, run }) => {
    const breaches: string[] = [];
    let defects = 0;
    const claim = (holds: boolean, words: string): void => {
      if (!holds) breaches.push(words);
    };
    const granted = (capability: keyof CapabilityGrants): void =>
      claim(Boolean(grants[capability]), `${capability} was reached without a grant`);
    const reached = (capability: keyof CapabilityGrants, list: string, name: string): void => {
      granted(capability);
      const names = Object(grants[capability])[list] as readonly string[] | undefined;
      claim(names?.includes(name) === true, `${capability} ${name} was reached without a grant`);
    };
    const mayFail = (): void => {
      if (!draw.chance(0.02)) return;
      defects++;
      throw new Error('a defect of the node');
    };
    const store = memoryKeyValue();
    const own = (space: string): void => {
      granted('kv');
      claim(space === keyValueSpace(tenant, skill), `the key-value space ${space} was reached`);
      mayFail();
    };
    const lines: LogLine[] = [];
    let usedFiles = false;
    let pending = 0;
    const effects: HostEffects = {
      http: {
        resolve: async () => {
          granted('http');
          mayFail();
          return Array.from({ length: draw.below(3) }, () =>
            draw.chance(0.7) ? PUBLIC : draw.pick(ADDRESSES),
          );
        },
        send: async ({ address, hostname, method, headers }) => {
          const { hosts, methods } = grants.http ?? { hosts: [], methods: [] };
          claim(hosts.includes(hostname), `a request to ${hostname}, which was not granted`);
          claim(methods.includes(method), `a request by ${method}, which was not granted`);
          claim(address === PUBLIC, `a request to the address ${address}`);
          for (const [name, value] of Object.entries(headers))
            claim(!/[\r\n\0]/.test(name + value), 'a header with the end of a line in it');
          const bytes = draw.below(1_000);
          if (draw.chance(0.2)) return { kind: 'timeout', bytes };
          if (draw.chance(0.2)) return { kind: 'failed', reason: 'ECONNRESET', bytes };
          // A service that says everything again.
          const body = JSON.stringify(headers);
          const answer = {
            location: draw.pick(['/b', 'https://api.example.com/c', 'http://[', '']),
          };
          return { kind: 'answered', status: draw.below(600), headers: answer, body, bytes };
        },
      },
      keyValue: {
        get: async (space, key) => {
          own(space);
          return store.get(space, key);
        },
        put: async (space, key, value) => {
          own(space);
          return draw.chance(0.1)
            ? failure('JOURNAL_UNAVAILABLE', { reason: 'it is busy' })
            : store.put(space, key, value);
        },
        delete: async (space, key) => {
          own(space);
          return store.delete(space, key);
        },
        close: store.close,
      },
      files: {
        serve: async (request) => {
          granted('fs');
          const writes = !['read', 'list', 'stat'].includes(request.op);
          claim(!writes || grants.fs === 'write', `${request.op} with a grant of reading alone`);
          usedFiles = true;
          pending++;
          return workspaces.serve({ tenant, run }, request).finally(() => {
            pending--;
          });
        },
      },
      secrets: {
        find: (name) => {
          granted('secret');
          claim(grants.secret?.names.includes(name) === true, `the secret ${name} was reached`);
          return name === 'api'
            ? success({ value: SECRET, hosts: ['api.example.com'] })
            : failure('SECRET_UNAVAILABLE', { name, reason: 'it is not set' });
        },
        values: () => [SECRET],
      },
      actors: {
        ask: async ({ kind, tenant: by }) => {
          reached('actor', 'kinds', kind);
          claim(by === tenant, `an actor was asked in the name of ${by}`);
          return draw.chance(0.1)
            ? failure('ASK_TIMEOUT', { actor: kind, timeoutMs: 1 })
            : success(1);
        },
        tell: async ({ kind, tenant: by }) => {
          reached('actor', 'kinds', kind);
          claim(by === tenant, `an actor was told in the name of ${by}`);
          mayFail();
          return success(null);
        },
      },
      notify: {
        send: async ({ channel, tenant: by }) => {
          reached('notify', 'channels', channel);
          claim(by === tenant, `a note was sent in the name of ${by}`);
          return success(null);
        },
      },
      models: {
        complete: async ({ model, tenant: by }) => {
          reached('llm', 'models', model);
          claim(by === tenant, `a model was asked in the name of ${by}`);
          return success({ text: 'x' });
        },
      },
      random: {
        bytes: (count) => {
          granted('random');
          return realRandom.bytes(count);
        },
      },
      clock: {
        wallMs: () => {
          granted('clock');
          return 1_700_000_000_000;
        },
      },
      log: (line) => {
        lines.push(line);
        if (draw.chance(0.02)) throw new Error('a defect of the log');
      },
    };
    const end = async (): Promise<void> => {
      if (usedFiles) await workspaces.end({ tenant, run });
    };
    return { effects, lines, breaches, defects: () => defects, pending: () => pending, end };
  };
  return {
    worldOf,
    close: async () => {
      await workspaces.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
