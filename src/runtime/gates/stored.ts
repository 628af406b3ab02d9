/** Gates for what lies in the data directory. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_TABLE, LIMITS, type Result, type SkeinError } from '../../contracts/index.ts';
import { findProgram, realProcesses } from '../../host/index.ts';
import {
  type Inspection,
  inspectJournal,
  inspectKeyValue,
  inspectState,
} from '../../journal/index.ts';
import {
  folderPackageStore,
  readBounded,
  readTrustedSigners,
  SkillRegistry,
} from '../../skills/index.ts';
import { CONFIG_FILE, nodeKeyOf, readNatsCredentials } from '../../transport/index.ts';
import { readCeiling } from '../ceiling-file.ts';
import { readClusterFile } from '../cluster-file.ts';
import { inspectNodeKey } from '../node-key-file.ts';
import { SIGNERS_FILE } from '../open-registry.ts';
import { fileStamp, isPolicyFile, POLICY_FILE, readPolicyFile } from '../policy/policy-file.ts';
import { fail, type Gate, type GateResult, type GateWorld, pass, skip } from './gate.ts';

const OTHERS = 0o077;
const CONFIG_TEST_MS = 10_000;

const failed = ({ code, message }: SkeinError): GateResult =>
  fail(message, ERROR_TABLE[code].advice);

export const dataDirectoryGate: Gate = {
  id: 'data-directory',
  look: async ({ dataDir }) => {
    const found = await stat(dataDir).catch(() => undefined);
    if (found?.isDirectory()) return pass(`${dataDir} is there`);
    return fail(
      `there is no folder ${dataDir}`,
      'Name the data directory with --data, or let `skein up` make it.',
    );
  },
};

export const journalGate: Gate = {
  id: 'journal',
  look: (world) =>
    database(world, 'journal', ({ dataDir, ports }) =>
      inspectJournal(join(dataDir, 'journal.db'), ports.timers),
    ),
};

export const keyValueGate: Gate = {
  id: 'key-value',
  look: (world) =>
    database(world, 'key-value store', ({ dataDir }) => inspectKeyValue(join(dataDir, 'kv.db'))),
};

export const actorsGate: Gate = {
  id: 'actors',
  look: (world) =>
    database(world, 'state of actors', ({ dataDir }) => inspectState(join(dataDir, 'state.db'))),
};

async function database(
  world: GateWorld,
  what: string,
  inspect: (world: GateWorld) => Promise<Result<Inspection>>,
): Promise<GateResult> {
  if (await world.status())
    return skip(`the running node holds the ${what}, and verified it when it started`);
  const seen = await inspect(world);
  if (!seen.ok) return failed(seen.error);
  const { value } = seen;
  switch (value.kind) {
    case 'missing':
      return skip(`there is no ${what} yet`);
    case 'in use':
      return fail(
        `a process that answers no command holds the ${what}`,
        'See whether a node hangs (ps), and end it; a node that another program started is no business of this command.',
      );
    case 'sound':
      return pass(
        value.events === undefined
          ? 'every entry is as it was written'
          : `${value.events} events, the chain of their hashes is whole`,
      );
  }
}

export const skillsGate: Gate = {
  id: 'skills',
  look: async ({ dataDir }) => {
    const folder = join(dataDir, 'skills');
    if (!(await stat(folder).catch(() => undefined))) return skip('no skill was registered yet');
    const registry = await SkillRegistry.open(folderPackageStore(folder));
    if (!registry.ok) return failed(registry.error);
    return pass(`${registry.value.list().length} registered skills, each with its hash`);
  },
};

export const nodeKeyGate: Gate = {
  id: 'node-key',
  look: async ({ dataDir }) => {
    const secret = inspectNodeKey(dataDir);
    if (!secret.ok) return failed(secret.error);
    if (!secret.value) return skip('the node has no key yet');
    return pass(`of ${nodeKeyOf(secret.value.seed).id}, in its life ${secret.value.life}`);
  },
};

export const natsKeyGate: Gate = {
  id: 'nats-key',
  look: async ({ dataDir }) => {
    const file = join(dataDir, 'nats/node.nk');
    const found = await stat(file).catch(() => undefined);
    if (!found) return skip('no nats-server was started here yet');
    if ((found.mode & OTHERS) !== 0)
      return fail(
        `others can read ${file}: its mode is ${(found.mode & 0o777).toString(8)}`,
        `Run chmod 600 ${file}; if others had it, move it away, and a new one is made.`,
      );
    const credentials = readNatsCredentials(file);
    return credentials.ok ? pass('its owner alone can read it') : failed(credentials.error);
  },
};

/** Asks nats-server itself, which starts nothing for it. */
export const natsConfigGate: Gate = {
  id: 'nats-config',
  look: async ({ dataDir, ports }) => {
    const file = join(dataDir, 'nats', CONFIG_FILE);
    if (!(await stat(file).catch(() => undefined)))
      return skip('no nats-server was started here yet');
    const wanted = { program: 'nats-server', debianPackage: 'nats-server', isFetched: false };
    const program = await findProgram(wanted);
    if (!program.ok) return skip('nats-server is not on this machine');
    const spec = { file: program.value, args: ['-c', file, '-t'], env: {} };
    const tested = realProcesses.start(spec);
    const { promise, resolve } = Promise.withResolvers<GateResult>();
    const late = ports.timers.after(CONFIG_TEST_MS, () => tested.kill());
    let said = '';
    tested.onStderr((bytes) => {
      said = (said + Buffer.from(bytes).toString('utf8')).slice(-1_000);
    });
    tested.onExit(({ exitCode }) => {
      late.cancel();
      if (exitCode === 0) resolve(pass('nats-server takes it'));
      else
        resolve(
          fail(
            `nats-server refuses ${file}: ${said.trim().split('\n').at(-1) ?? ''}`,
            'Mend what the operator keeps there, or move the file away: Skein writes one.',
          ),
        );
    });
    return promise;
  },
};

export const signersGate: Gate = {
  id: 'signers',
  look: async ({ dataDir }) => {
    const file = join(dataDir, SIGNERS_FILE);
    if (!(await stat(file).catch(() => undefined)))
      return skip(`there is no ${SIGNERS_FILE}: packages of nobody are trusted`);
    const text = await readBounded(file, LIMITS.manifestBytes);
    const signers = text.ok ? readTrustedSigners(text.value, file) : text;
    if (!signers.ok) return failed(signers.error);
    const revoked = signers.value.filter(({ isRevoked }) => isRevoked).length;
    return pass(`${signers.value.length - revoked} signers are trusted, ${revoked} are revoked`);
  },
};

export const policyGate: Gate = {
  id: 'policy',
  look: async ({ dataDir, policyFile }) => {
    const own = join(dataDir, POLICY_FILE);
    const file = policyFile ?? ((await fileStamp(own)) === undefined ? undefined : own);
    if (file === undefined)
      return skip(`none is named with --policy, and there is no ${POLICY_FILE}`);
    const read = await (isPolicyFile(file) ? readPolicyFile(file) : readCeiling(file));
    return read.ok ? pass(`${file} can be read`) : failed(read.error);
  },
};

export const clusterFileGate: Gate = {
  id: 'cluster-file',
  look: async ({ clusterFile, version }) => {
    if (clusterFile === undefined) return skip('none is named with --file');
    const plan = await readClusterFile(clusterFile, version);
    if (!plan.ok) return failed(plan.error);
    return pass(
      `${clusterFile}: ${plan.value.nodes.length} nodes in cluster ${plan.value.cluster}`,
    );
  },
};
