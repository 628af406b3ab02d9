/**
 * The operating system's layer by itself: a plain Node script, without permissions, isolate or any other code of ours, is
 * started behind each wall that this machine offers and does what an escaped skill would. Without a wall all of it works.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProcessExit, TenantId } from '../../src/contracts/index.ts';
import { realClock, realProcesses, realTimers } from '../../src/host/index.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { HOST_ENVIRONMENT, launchSpec, wrapperWords } from '../../src/sandbox/launch.ts';
import { findLaunchTools } from '../../src/sandbox/launch-tools.ts';
import { openMemoryCgroups } from '../../src/sandbox/memory-cgroup.ts';
import { NAMESPACES, readNamespaces } from '../../src/sandbox/os-facts.ts';
import { NO_WALL, nodeFlagsBehind, type Wall, wallsOf } from '../../src/sandbox/wall.ts';
import { isRunning } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const tools = findLaunchTools();
const { prlimit: _, ...unlimited } = tools;
const folder = mkdtempSync(join(tmpdir(), 'skein-wall-'));
const canary = join(folder, 'canary');
const server = createServer((socket) => socket.end());
const cgroups = openMemoryCgroups(realTimers);
let victim: ReturnType<typeof spawn>;
let port = 0;

beforeAll(async () => {
  writeFileSync(canary, 'CANARY', { mode: 0o644 });
  victim = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)']);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => {
  victim.kill('SIGKILL');
  server.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly said: string;
  readonly stderr: string;
  readonly exit: ProcessExit;
}

interface Outside {
  readonly wall: Wall;
  readonly cgroupProcsFile?: string;
}

/** Starts the script as a host would be. */
function startBehind(script: string, { wall, cgroupProcsFile }: Outside) {
  const [file = '', ...args] = [
    // The limit on data is another layer, which is left out here.
    ...wrapperWords({
      tools: unlimited,
      memoryClassMiB: 64,
      wall,
      ...(cgroupProcsFile ? { cgroupProcsFile } : {}),
    }),
    process.execPath,
    ...nodeFlagsBehind(wall),
    '-e',
    script,
  ];
  return realProcesses.start({ file, args, env: HOST_ENVIRONMENT, cwd: '/' });
}

function runBehind(script: string, outside: Outside): Promise<Ended> {
  const handle = startBehind(script, outside);
  let said = '';
  let stderr = '';
  handle.onData((bytes) => {
    said += Buffer.from(bytes).toString();
  });
  handle.onStderr((bytes) => {
    stderr += Buffer.from(bytes).toString();
  });
  return new Promise((resolve) => handle.onExit((exit) => resolve({ said, stderr, exit })));
}

const ATTACKS = `
const fs = require('node:fs'), net = require('node:net');
const tried = (work) => { try { return [true, work()]; } catch (thrown) { return [false, thrown.code]; } };
const connect = (where) => new Promise((resolve) => {
  const socket = net.connect(where, () => { resolve(true); socket.destroy(); });
  socket.on('error', () => resolve(false));
});
const places = ['/', '/tmp', '/dev', '/dev/shm', '/etc', '/usr/lib', '/var/tmp', '/proc', FOLDER, SOURCES];
(async () => {
  const [, status] = tried(() => fs.readFileSync('/proc/self/status', 'utf8'));
  fs.writeSync(3, JSON.stringify({
    connects: await connect({ host: '127.0.0.1', port: PORT }),
    reads: [CANARY, '/etc/passwd', '/etc/shadow'].filter((file) => tried(() => fs.readFileSync(file))[0]),
    readsItsOwn: tried(() => fs.readFileSync(SOURCES + '/sandbox/host-main.ts'))[0],
    writes: places.filter((place) => tried(() => fs.writeFileSync(place + '/skein-wall-probe', 'x'))[0]),
    processes: (tried(() => fs.readdirSync('/proc'))[1] || []).filter((name) => /^[0-9]+$/.test(name)).length,
    signals: [VICTIM, PARENT].filter((pid) => tried(() => process.kill(pid, 0))[0]).length,
    user: process.geteuid(),
    noNewPrivileges: /NoNewPrivs:\\s*1/.test(status),
    capabilities: /Cap(Prm|Eff|Amb|Inh):\\s*0*[1-9a-f]/.test(status),
    namespaces: NAMESPACES.map((name) => fs.readlinkSync('/proc/self/ns/' + name)),
  }));
})();
`;

interface Seen {
  readonly connects: boolean;
  readonly reads: readonly string[];
  readonly readsItsOwn: boolean;
  readonly writes: readonly string[];
  readonly processes: number;
  readonly signals: number;
  readonly user: number;
  readonly noNewPrivileges: boolean;
  readonly capabilities: boolean;
  readonly namespaces: readonly string[];
}

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));

async function attackFrom(wall: Wall): Promise<Seen | undefined> {
  const facts = {
    ...{
      CANARY: canary,
      FOLDER: folder,
      SOURCES,
      PORT: port,
      VICTIM: victim.pid,
      PARENT: process.pid,
    },
    NAMESPACES,
  };
  const constants = Object.entries(facts).map(([k, v]) => `const ${k} = ${JSON.stringify(v)};`);
  const { said, exit } = await runBehind(constants.join('') + ATTACKS, { wall });
  for (const place of [
    '/',
    '/tmp',
    '/dev',
    '/dev/shm',
    '/var/tmp',
    folder,
    SOURCES,
    '/etc',
    '/usr/lib',
  ])
    rmSync(join(place, 'skein-wall-probe'), { force: true });
  return exit.exitCode === 0 && said !== '' ? (JSON.parse(said) as Seen) : undefined;
}

/** Asked of the tools themselves, by the shortest command that needs what the wall needs. */
function isOffered({ enclosure, isNobody, landlock, isRoot }: Wall): boolean {
  const { bwrap = '', unshare = '', setpriv = '', sh = '' } = tools;
  const works = (...words: string[]) => spawnSync(words[0] ?? '', words.slice(1)).status === 0;
  // In folders that their owner alone may enter, nobody sees anything but by bind mounts.
  const readable = `[ -r ${SOURCES}/index.ts ] && [ -x ${process.execPath} ]`;
  const asNobody = [setpriv, '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  if (isNobody && enclosure !== 'bubblewrap' && !works(...asNobody, sh, '-c', readable))
    return false;
  if (landlock && !works(setpriv, '--landlock-access', 'fs:make-dir', sh, '-c', 'exit'))
    return false;
  const apart = ['--net', '--pid', '--fork', '--mount-proc', sh, '-c', 'exit'];
  if (enclosure === 'unshare') return works(unshare, ...(isRoot ? [] : ['--user']), ...apart);
  const all = ['--unshare-net', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc'];
  if (enclosure === 'bubblewrap') return works(bwrap, ...all, sh, '-c', 'exit');
  return works(setpriv, '--no-new-privs', sh, '-c', 'exit');
}

const nameOf = ({ enclosure, isNobody, landlock }: Wall): string =>
  `${enclosure}${isNobody ? ', as nobody' : ''}${landlock ? ', landlock' : ''}`;

describe('a program that is not walled in', () => {
  test('reaches the network, other files and other processes', async () => {
    const seen = await attackFrom(NO_WALL);
    expect(seen).toMatchObject({ connects: true, signals: 2, readsItsOwn: true });
    expect(seen?.reads).toContain(canary);
    expect(seen?.writes).toContain(folder);
    expect(seen?.processes).toBeGreaterThan(2);
    expect(seen?.namespaces).toEqual(readNamespaces());
  });
});

const walls = wallsOf(tools, process.geteuid?.() === 0).filter((wall) => wall !== NO_WALL);
describe.each(walls.map((wall) => [nameOf(wall), wall] as const))('behind %s', (_name, wall) => {
  test('a program does nothing that this wall stops, or does not start at all', async () => {
    const seen = await attackFrom(wall);
    // What this machine does not offer the node goes without; what it does must hold.
    if (!seen) return expect(isOffered(wall)).toBe(false);
    if (wall.enclosure !== 'none') {
      expect(seen).toMatchObject({ connects: false, signals: 0 });
      expect(seen.processes).toBeLessThanOrEqual(4);
      const ours = readNamespaces();
      for (const at of NAMESPACES.slice(0, 5).keys())
        expect(seen.namespaces[at], NAMESPACES[at]).not.toBe(ours[at]);
    }
    if (wall.enclosure === 'bubblewrap' || wall.landlock) {
      expect(seen.reads).toEqual([]);
      expect(seen.writes).toEqual([]);
    }
    if (wall.isNobody) {
      expect(seen.user).toBe(65_534);
      expect(seen.reads).not.toContain('/etc/shadow');
      expect(seen.signals).toBe(0);
      expect(seen.writes).not.toContain(SOURCES);
    }
    expect(seen).toMatchObject({ readsItsOwn: true, noNewPrivileges: true, capabilities: false });
  });
});

describe('a memory cgroup', () => {
  const HUNGRY = `
    const held = [];
    const eat = () => { held.push(Buffer.alloc(16 << 20, 1)); if (held.length < 64) setImmediate(eat); else process.exit(7); };
    eat();`;

  test('ends a program at its bound, and says that it was its memory', async () => {
    const cgroup = cgroups?.make(256 * 1024 * 1024);
    const outside = { wall: NO_WALL, ...(cgroup ? { cgroupProcsFile: cgroup.procsFile } : {}) };
    const { exit } = await runBehind(HUNGRY, outside);
    // Where no group can be made the program has its gigabyte, and the level says that this layer is missing.
    expect(exit).toEqual(
      cgroup ? { exitCode: null, signal: 'SIGKILL' } : { exitCode: 7, signal: null },
    );
    expect(cgroup?.wasOutOfMemory() ?? true).toBe(true);
    cgroup?.remove();
  });

  test('is gone once its processes are', async () => {
    const sandbox = await startSandbox({
      ports: { clock: realClock, timers: realTimers },
      processes: realProcesses,
      warmHosts: 1,
    });
    if (!sandbox.ok) throw new Error(sandbox.error.message);
    const lease = await sandbox.value.lease('acme' as TenantId);
    const pid = lease.ok ? (lease.value.pid ?? 0) : 0;
    const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      .split('\n')
      .find((text) => text.includes('/skein-'));
    expect(line !== undefined).toBe(sandbox.value.level.memoryCgroup !== 'none');
    await sandbox.value.close();
    if (line === undefined) return;
    const name = line.slice(line.lastIndexOf('/') + 1);
    const root =
      sandbox.value.level.memoryCgroup === 'v1' ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const parent = dirname(join(root, line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1)));
    await until('the group is removed', () => !readdirSync(parent).includes(name));
  });
});

/** The process and all below it. */
function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended since.
    }
  }
  const children = (of: number): number[] =>
    [...parents]
      .filter(([, parent]) => parent === of)
      .flatMap(([child]) => [child, ...children(child)]);
  return [pid, ...children(pid)];
}

describe('a process that is killed', () => {
  const SPIN = "require('node:fs').writeSync(3, 'on'); for (;;);";

  test.each(walls.map((wall) => [nameOf(wall), wall] as const))(
    'by the ID that the node knows leaves none behind: %s',
    async (_name, wall) => {
      const handle = startBehind(SPIN, { wall });
      let isOn = false;
      let exit: ProcessExit | undefined;
      handle.onData(() => {
        isOn = true;
      });
      handle.onExit((seen) => {
        exit = seen;
      });
      await until('it runs, or the wall is not there', () => isOn || exit !== undefined);
      if (exit) return;
      const family = familyOf(handle.pid ?? 0);
      expect(family.length).toBeGreaterThanOrEqual(wall.enclosure === 'none' ? 1 : 2);
      handle.kill();
      await until('it has ended', () => exit !== undefined);
      expect(exit).toEqual({ exitCode: null, signal: 'SIGKILL' });
      await until('all have ended', () => !family.some(isRunning));
    },
  );

  test('as the node itself takes its hosts along, even those that spin', async () => {
    const program = fileURLToPath(new URL('../support/fault-holds-host.ts', import.meta.url));
    const node = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    node.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until('its host spins', () => said.includes('spinning'));
    const family = familyOf(node.pid ?? 0);
    expect(family.length).toBeGreaterThanOrEqual(2);
    node.kill('SIGKILL');
    await until('all have ended', () => !family.some(isRunning));
  });
});

test('hosts have the thickest wall behind which a program starts at all', async () => {
  const works = async (wall: Wall): Promise<boolean> =>
    (await runBehind("require('node:fs').writeSync(3, 'here')", { wall })).said === 'here';
  let thickest: Wall = NO_WALL;
  for (const wall of wallsOf(tools, process.geteuid?.() === 0)) {
    if (!(await works(wall))) continue;
    thickest = wall;
    break;
  }
  const started = await startSandbox({
    ports: { clock: realClock, timers: realTimers },
    processes: realProcesses,
    warmHosts: 0,
    startMs: 60_000,
  });
  if (!started.ok) throw new Error(started.error.message);
  const { level, close } = started.value;
  await close();
  expect(level.enclosure).toBe(thickest.enclosure);
  expect(level.ownFiles).toBe(thickest.enclosure === 'bubblewrap' || thickest.landlock);
}, 120_000);

/** Starts a host, and as soon as bubblewrap or unshare has a child prints its process ID and kills the host, or itself. */
const KILL_AT_BIRTH = `
import { readFileSync, writeSync } from 'node:fs';
const [host, processes, what] = process.argv.slice(2);
const { realProcesses } = await import(processes);
const started = realProcesses.start(JSON.parse(host));
const childOf = () => readFileSync('/proc/' + started.pid + '/task/' + started.pid + '/children', 'utf8').trim();
let child = '';
while (child === '') child = childOf();
writeSync(1, child);
if (what === 'host') started.kill();
else process.kill(process.pid, 'SIGKILL');
await new Promise((resolve) => started.onExit(resolve));
`;

describe.runIf(tools.bwrap ?? tools.unshare)('a host that is killed while it starts', () => {
  const [wall = NO_WALL] = wallsOf(tools, process.geteuid?.() === 0);
  const spec = JSON.stringify(launchSpec({ tools, memoryClassMiB: 64, wall }));
  const processes = new URL('../../src/host/processes.ts', import.meta.url).href;

  test.each(['host', 'node'])('leaves nothing behind: by the end of the %s', async (what) => {
    const script = join(folder, 'kill-at-birth.mjs');
    writeFileSync(script, KILL_AT_BIRTH);
    for (let round = 0; round < 1; round++) {
      const { stdout } = spawnSync(process.execPath, [script, spec, processes, what]);
      const child = Number(stdout.toString().split(' ')[0]);
      expect(child).toBeGreaterThan(1);
      await until('the child of the host is gone', () => !isRunning(child));
    }
  });
});
