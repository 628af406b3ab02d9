/**
 * The network of the test, in namespaces of its own that no wire connects with this machine's:
 *
 *     home A  192.0.2.0/24                  the internet 198.51.100.0/24           home B  192.0.2.0/24
 *     a1 .2 --+                                                                  +-- b1 .2
 *             +-- router A (masquerade) .2 ---- rendezvous .1 ---- .3 router B --+
 *     a2 .3 --+                                 (nats-server)      (masquerade)
 *
 * Both homes have the same private addresses, as homes do. Addresses are those set aside for documentation (RFC 5737): nothing
 * real answers to them. A cut or a loss is a rule where packets come in at the other end of the cable, so that the sender notices
 * nothing but silence.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HOMES = { a: ['a1', 'a2'], b: ['b1'] } as const;
export type Home = keyof typeof HOMES;
export const MACHINES = ['a1', 'a2', 'b1'] as const;
export type MachineName = (typeof MACHINES)[number];
/** A cable that can be cut: a machine's, or that of a whole home. */
export type Cable = MachineName | Home;
/** Seen from the end that is further from the rendezvous. */
export type Direction = 'out' | 'in' | 'both';

export const RENDEZVOUS = { host: '198.51.100.1', port: 4222 } as const;
export const RELAY = { host: '192.0.2.1', port: 4223 } as const;
const PREFIX = 'skein-net-';
const ADDRESSES = { a1: '192.0.2.2', a2: '192.0.2.3', b1: '192.0.2.2' } as const;
const WAN = { a: '198.51.100.2', b: '198.51.100.3' } as const;

export const homeOf = (machine: MachineName): Home => (machine === 'b1' ? 'b' : 'a');
const isHome = (cable: Cable): cable is Home => cable in HOMES;

function call(file: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', input });
  if (status === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** @returns why the network cannot be made here, as a sentence */
export function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'this test makes network namespaces and has to run as root';
  const missing = (['ip', 'nft', 'nats-server'] as const).filter(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  );
  if (missing.length === 0) return undefined;
  const packages = { ip: 'iproute2', nft: 'nftables', 'nats-server': 'nats-server' };
  const names = missing.map((program) => packages[program]).join(' ');
  return `${missing.join(', ')} not found: \`apt-get install ${names}\``;
}

export class Topology {
  /** Files of this run: data of the nodes, their machine IDs. */
  readonly folder = mkdtempSync(join(tmpdir(), PREFIX));
  readonly #namespaces: string[] = [];
  readonly #owner = String(process.pid);

  constructor() {
    sweep();
    this.#namespace('net');
    this.#bridge('net', `${RENDEZVOUS.host}/24`);
    for (const home of ['a', 'b'] as const) {
      const router = `r${home}`;
      this.#namespace(router);
      this.#cable('net', `wan-${home}`, router, 'wan', `${WAN[home]}/24`);
      this.#bridge(router, `${RELAY.host}/24`);
      for (const machine of HOMES[home]) {
        this.#namespace(machine);
        this.#cable(router, machine, machine, 'eth0', `${ADDRESSES[machine]}/24`);
        this.#ip(machine, 'route', 'add', 'default', 'via', RELAY.host);
        this.#nft(machine, tables(['in', 'eth0']));
        writeFileSync(join(this.folder, `${machine}.id`), `${machineId(machine)}\n`);
        mkdirSync(join(this.folder, machine));
      }
      call('ip', this.inside(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'));
      this.#nft(router, NAT, tables(['wan-in', 'wan'], ...HOMES[home].map((m) => [m, m] as const)));
    }
    const wires = [
      ['a', 'wan-a'],
      ['b', 'wan-b'],
    ] as const;
    this.#nft('net', tables(...wires));
  }

  addressOf(machine: MachineName): string {
    return ADDRESSES[machine];
  }

  nameOf(place: string): string {
    return `${PREFIX}${this.#owner}-${place}`;
  }

  /** Arguments of `ip` that run a program in a place of this network. */
  inside(place: string, ...command: readonly string[]): readonly string[] {
    return ['netns', 'exec', this.nameOf(place), ...command];
  }

  /** The same, on a machine with an ID and a folder for temporary files of its own: no unix socket leads from one to another. */
  onMachine(machine: MachineName, ...command: readonly string[]): readonly string[] {
    const id = join(this.folder, `${machine}.id`);
    const script = `mount --bind ${id} /proc/sys/kernel/random/boot_id && exec "$@"`;
    const env = `TMPDIR=${join(this.folder, machine)}`;
    return this.inside(machine, 'env', env, 'sh', '-c', script, 'sh', ...command);
  }

  cut(cable: Cable, direction: Direction): void {
    for (const [place, chain] of ends(cable, direction)) this.#rule(place, 'cut', chain, 'drop');
  }

  heal(cable: Cable): void {
    for (const [place, chain] of ends(cable, 'both')) this.#clear(place, 'cut', chain);
  }

  /** Loses so many of 100 packets on the cable, each way; 0 ends it. */
  lose(cable: Cable, percent: number): void {
    for (const [place, chain] of ends(cable, 'both')) {
      this.#clear(place, 'loss', chain);
      if (percent === 0) continue;
      this.#rule(place, 'loss', chain, `numgen random mod 100 < ${percent} drop`);
    }
  }

  /** Packets that a home's router has given its own address: 0 would mean that nobody is behind a NAT. */
  translated(home: Home): number {
    const listed = call('ip', this.inside(`r${home}`, 'nft', 'list', 'chain', 'ip', 'nat', 'post'));
    return Number(/packets (\d+)/.exec(listed)?.[1] ?? 0);
  }

  /** Takes everything away again; may be called at any time, and more than once. */
  remove(): void {
    for (const name of this.#namespaces.splice(0)) removeNamespace(name);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #namespace(place: string): void {
    const name = this.nameOf(place);
    call('ip', ['netns', 'add', name]);
    this.#namespaces.push(name);
    this.#ip(place, 'link', 'set', 'lo', 'up');
  }

  #bridge(place: string, address: string): void {
    this.#ip(place, 'link', 'add', 'lan', 'type', 'bridge');
    this.#ip(place, 'addr', 'add', address, 'dev', 'lan');
    this.#ip(place, 'link', 'set', 'lan', 'up');
  }

  /** From a port of the bridge in one place to an interface with an address in another. */
  #cable(from: string, port: string, to: string, device: string, address: string): void {
    const peer = ['peer', 'name', device, 'netns', this.nameOf(to)];
    this.#ip(from, 'link', 'add', port, 'type', 'veth', ...peer);
    this.#ip(from, 'link', 'set', port, 'master', 'lan', 'up');
    this.#ip(to, 'addr', 'add', address, 'dev', device);
    this.#ip(to, 'link', 'set', device, 'up');
  }

  #ip(place: string, ...args: readonly string[]): void {
    call('ip', ['-n', this.nameOf(place), ...args]);
  }

  #nft(place: string, ...rules: readonly string[]): void {
    call('ip', this.inside(place, 'nft', '-f', '-'), rules.join('\n'));
  }

  #rule(place: string, table: string, chain: string, rule: string): void {
    this.#nft(place, `add rule netdev ${table} ${chain} ${rule}`);
  }

  #clear(place: string, table: string, chain: string): void {
    this.#nft(place, `flush chain netdev ${table} ${chain}`);
  }
}

/** Nobody outside begins a connection with somebody inside; answers come in. A bridge's own traffic may pass here as well. */
const NAT = `
table ip nat {
  chain post {
    type nat hook postrouting priority 100
    oifname "wan" counter masquerade
  }
}
table ip guard {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established,related accept
    iifname "lan" accept
  }
}
`;

/** A chain for cuts and one for losses on each of these devices, where packets come in. */
const tables = (...chains: readonly (readonly [chain: string, device: string])[]): string =>
  ['cut', 'loss']
    .map((table) => {
      const made = chains.map(
        ([chain, device]) =>
          `chain ${chain} {\n type filter hook ingress device "${device}" priority 0\n }\n`,
      );
      return `table netdev ${table} {\n${made.join('')}}\n`;
    })
    .join('');

function ends(cable: Cable, direction: Direction): readonly (readonly [string, string])[] {
  const out = isHome(cable) ? (['net', cable] as const) : ([`r${homeOf(cable)}`, cable] as const);
  const into = isHome(cable) ? ([`r${cable}`, 'wan-in'] as const) : ([cable, 'in'] as const);
  if (direction === 'both') return [out, into];
  return [direction === 'out' ? out : into];
}

const machineId = (machine: MachineName): string =>
  `00000000-0000-4000-8000-${Buffer.from(machine).toString('hex').padStart(12, '0')}`;

function removeNamespace(name: string): void {
  const { stdout = '' } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  spawnSync('ip', ['netns', 'del', name]);
}

/** What a run that was killed has left behind. */
function sweep(): void {
  for (const line of call('ip', ['netns', 'list']).split('\n')) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(line)?.[1];
    const isLeft = owner !== undefined && !existsSync(`/proc/${owner}`);
    if (isLeft) removeNamespace(line.split(' ')[0] ?? '');
  }
}
