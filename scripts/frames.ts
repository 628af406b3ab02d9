/** Malformed frames against every entry of a node from the bus: one at a time from a file, or valid packets changed by a seed. */
import { decodeGossip } from '../src/cluster/membership/gossip-codec.ts';
import { realPorts, seededRandom } from '../src/host/index.ts';
import { startNode } from '../src/runtime/index.ts';
import { createLog } from '../src/telemetry/index.ts';
import { connectNats, decodeForeign } from '../src/transport/index.ts';
import { mutated } from '../tests/support/frame-mutations.ts';
import { type FrameWorld, frameWorld, WAYS, type Way } from '../tests/support/frame-world.ts';
import { startTestNats } from '../tests/support/nats.ts';
import { until } from '../tests/support/until.ts';

interface Repeat {
  readonly prefix?: string;
  readonly unit?: string;
  readonly count?: number;
  readonly suffix?: string;
  readonly generate?: string;
}

interface Frame {
  readonly id: string;
  readonly class: string;
  readonly layer: string;
  readonly hex?: string;
  readonly repeat?: Repeat;
}

export interface FrameDocument {
  readonly frames: readonly Frame[];
  readonly bounds: { readonly perFrameMs: number; readonly perFrameExtraMemoryMb: number };
}

interface Entry {
  readonly entry: string;
  readonly isRefused: boolean;
  readonly reason: string;
  readonly tookMs: number;
  readonly grewMb: number;
}

const { clock } = realPorts;
const MB = 1e6;
const RECIPE = /^map16 with (\d+) entries; key i is the uint32 i\*(\d+), value nil$/;

function bytesOf({ id, hex, repeat }: Frame): Uint8Array {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  const { prefix = '', unit = '', count = 0, suffix = '', generate } = repeat ?? {};
  if (generate === undefined) return Buffer.from(prefix + unit.repeat(count) + suffix, 'hex');
  const [, entries, step] = RECIPE.exec(generate) ?? [];
  if (entries === undefined || step === undefined) throw new Error(`${id}: ${generate}?`);
  const bytes = Buffer.alloc(3 + 6 * Number(entries), 0xc0);
  bytes[0] = 0xde;
  bytes.writeUInt16BE(Number(entries), 1);
  for (let at = 0; at < Number(entries); at++) {
    bytes[3 + 6 * at] = 0xce;
    bytes.writeUInt32BE((at * Number(step)) >>> 0, 4 + 6 * at);
  }
  return bytes;
}

/** What a look takes, in time, and in bytes that were taken and not given back meanwhile. */
async function measured<T>(look: () => T | Promise<T>): Promise<[T, number, number]> {
  const used = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const [before, startMs] = [used(), clock.monotonicMs()];
  const result = await look();
  return [result, clock.monotonicMs() - startMs, Math.max(0, used() - before) / MB];
}

function decoderAlone(bytes: Uint8Array): string {
  try {
    decodeForeign(bytes);
  } catch (thrown) {
    return `decoder: ${(thrown as Error).message}`;
  }
  const read = decodeGossip(bytes);
  return read.ok ? '' : `schema: ${read.error.code}`;
}

/** What takes too long is tried again, twice: others who use the machine add to a time and never take from it. */
async function tried(
  world: FrameWorld,
  way: Way,
  bytes: Uint8Array,
  withinMs: number,
): Promise<Entry> {
  let least: Entry | undefined;
  for (let each = 0; each < 3 && (least?.tookMs ?? Number.POSITIVE_INFINITY) > withinMs; each++) {
    const [effect, tookMs, grewMb] = await measured(() => world.send(way, bytes));
    const { refused, reasons, answers, changes } = effect;
    const isAlone = refused === 1 && answers === 0 && changes === 0 && (await world.works());
    const isRefused = isAlone && (least?.isRefused ?? true);
    const best = Math.min(tookMs, least?.tookMs ?? tookMs);
    least = { entry: way, isRefused, reason: reasons.join(), tookMs: best, grewMb };
  }
  return least as Entry;
}

/** @returns the exit code */
export async function runFrames(
  { frames, bounds }: FrameDocument,
  only: readonly string[] | undefined,
  isJson: boolean,
): Promise<number> {
  const world = await frameWorld('cases');
  const live = await realNode();
  let rejections = 0;
  process.on('unhandledRejection', () => rejections++);
  const missed: string[] = [];
  const refusedByClass: Record<string, number> = {};
  const refusedByLayer: Record<string, number> = {};
  let slowest: readonly [string, number] = ['', 0];
  let largest: readonly [string, number] = ['', 0];
  const chosen = frames.filter(({ id }) => only === undefined || only.includes(id));
  // The first look of each entry makes what later ones share.
  for (const way of WAYS) await world.send(way, Buffer.from('c1', 'hex'));
  for (const frame of chosen) {
    const bytes = bytesOf(frame);
    const entries: Entry[] = [];
    const [reason, tookMs, grewMb] = await measured(() => decoderAlone(bytes));
    entries.push({ entry: 'decoder', isRefused: reason !== '', reason, tookMs, grewMb });
    for (const way of WAYS) {
      // A session carries no frame without bytes: there is no packet of it.
      if (way === 'as a frame of a session' && bytes.byteLength === 0) continue;
      entries.push(await tried(world, way, bytes, bounds.perFrameMs));
    }
    entries.push(...(await live.send(bytes)));
    const isWithin = entries.every(
      ({ tookMs, grewMb }) => tookMs <= bounds.perFrameMs && grewMb <= bounds.perFrameExtraMemoryMb,
    );
    const passed = isWithin && entries.every(({ isRefused }) => isRefused);
    if (!passed) missed.push(frame.id);
    else {
      refusedByClass[frame.class] = (refusedByClass[frame.class] ?? 0) + 1;
      refusedByLayer[frame.layer] = (refusedByLayer[frame.layer] ?? 0) + 1;
    }
    for (const { entry, tookMs, grewMb } of entries) {
      if (tookMs > slowest[1]) slowest = [`${frame.id} ${entry}`, rounded(tookMs)];
      if (grewMb > largest[1]) largest = [`${frame.id} ${entry}`, rounded(grewMb)];
    }
    const line = { id: frame.id, class: frame.class, layer: frame.layer, passed };
    if (isJson) process.stdout.write(`${JSON.stringify({ ...line, entries })}\n`);
    else process.stdout.write(`${passed ? 'ok  ' : 'MISS'} ${frame.id} ${frame.class} ${reason}\n`);
  }
  const nodeDeaths = await live.close();
  const polluted = Object.keys(Object.prototype).length + ('polluted' in {} ? 1 : 0);
  const summary = {
    total: chosen.length,
    refused: chosen.length - missed.length,
    missed,
    refusedByClass,
    refusedByLayer,
    slowestMs: slowest,
    mostMemoryMb: largest,
    nodeDeaths,
    unhandled: rejections,
    polluted,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return missed.length + nodeDeaths + rejections + polluted > 0 ? 1 : 0;
}

/** A whole node at a nats-server, and a client of that without a key. */
async function realNode() {
  const nats = await startTestNats();
  const started = await startNode({
    dataDir: 'memory',
    cluster: { name: 'cases', natsUrl: nats.url },
    log: { level: 'silent', format: 'json' },
  });
  if (!started.ok) throw new Error(started.error.message);
  const node = started.value;
  let deaths = 0;
  let isEnding = false;
  void node.ended.then(() => {
    if (!isEnding) deaths++;
  });
  const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
  const client = await connectNats({ url: nats.url, name: 'cases', log });
  if (!client.ok) throw new Error(client.error.message);
  const bus = client.value;
  const { threads } = await node.status();
  const subjects = [
    ...['main', ...threads.map(({ name }) => name).filter((name) => name !== 'main')].map(
      (name) => `skein.cases.thread.${node.id}.${name}`,
    ),
    `skein.cases.gossip.${node.id}`,
    'skein.cases.gossip.all',
  ];
  let answers = 0;
  // All that a node alone has to say are its calls, which begin as packets of its kind do.
  for (const subject of ['skein.cases.thread.>', 'skein.cases.gossip.>'])
    bus.subscribe(subject, (packet) => {
      if (packet[0] !== 0x53 || packet[2] !== 1) answers++;
    });
  const refused = async (): Promise<number> => {
    const { cluster } = await node.status();
    return Object.values(cluster?.refused ?? {}).reduce((sum, count) => sum + count, 0);
  };
  await until('gossip listens', async () => {
    const before = await refused();
    bus.publish(`skein.cases.gossip.${node.id}`, Buffer.from('c1', 'hex'));
    await new Promise((resolve) => realPorts.timers.after(50, () => resolve(undefined)));
    return (await refused()) > before;
  });
  return {
    send: async (bytes: Uint8Array): Promise<readonly Entry[]> => {
      const [before, saidBefore] = [await refused(), answers];
      const startMs = clock.monotonicMs();
      for (const subject of subjects) bus.publish(subject, bytes);
      const count = await until('all of them are refused', async () => {
        const since = (await refused()) - before;
        return since >= subjects.length && since;
      });
      // How long the node takes is for the entries in memory to say: this is a question to all of its threads, too.
      const waitedMs = Math.round(clock.monotonicMs() - startMs);
      const isRefused = count === subjects.length && answers === saidBefore && deaths === 0;
      const reason = `${count} on ${subjects.length} subjects in ${waitedMs} ms`;
      return [{ entry: 'a real node', isRefused, reason, tookMs: 0, grewMb: 0 }];
    },
    close: async (): Promise<number> => {
      isEnding = true;
      await node.close();
      await bus.close();
      await nats.close();
      return deaths;
    },
  };
}

const BATCH = 50;
const SLOW_MS = 50;

/** @returns the exit code */
export async function runMutations(count: number, seed: string): Promise<number> {
  const world: FrameWorld = await frameWorld(`mutations ${seed}`);
  const random = seededRandom(`mutations ${seed}`);
  let crashes = 0;
  process.on('uncaughtException', () => crashes++);
  process.on('unhandledRejection', () => crashes++);
  const worksFirst = await world.works();
  const valid = [...world.seen];
  const some = () => valid[Math.floor(random.next() * valid.length)] as (typeof valid)[number];
  const before = world.refused();
  const heapBefore = process.memoryUsage().heapUsed;
  let slowestMs = 0;
  let mostMb = 0;
  for (let sent = 0; sent < count; sent++) {
    const { subject, packet } = some();
    const changed = mutated(packet, some().packet, random);
    let leastMs = Number.POSITIVE_INFINITY;
    // Others who use the machine add to a time and never take from it.
    for (let each = 0; each < 3 && leastMs > SLOW_MS; each++) {
      const [, tookMs, grewMb] = await measured(async () => {
        world.inject(subject, changed);
        await world.advance(1);
      });
      leastMs = Math.min(leastMs, tookMs);
      mostMb = Math.max(mostMb, grewMb);
    }
    slowestMs = Math.max(slowestMs, leastMs);
    if (sent % BATCH === 0) await world.advance(100);
  }
  await world.advance(3_000);
  const works = worksFirst && (await world.works());
  const refused = world.refused() - before;
  const summary = {
    mutations: count,
    seed,
    kinds: valid.length,
    refused,
    crashes,
    slowestMs: rounded(slowestMs),
    mostMemoryMb: rounded(mostMb),
    heapGrewMb: rounded((process.memoryUsage().heapUsed - heapBefore) / MB),
    polluted: Object.keys(Object.prototype).length,
    works,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return crashes > 0 || !works || summary.polluted > 0 || refused < count ? 1 : 0;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
