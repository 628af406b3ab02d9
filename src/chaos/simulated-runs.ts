/**
 * The runs of one simulated node: its journal on a disk that outlives it, the actors that carry runs out, and a client that asks for
 * one run after the other.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { kvActor, skillPoolActor, verifierActor } from '../actors/index.ts';
import type { Journal, JournalEvent, Json, Ports, RecordedEvent } from '../contracts/index.ts';
import type { SimulatedDisk, SimulatedLife } from '../host/index.ts';
import { memoryKeyValue, openSimulatedJournal } from '../journal/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import { type ExecuteParts, executeRun } from '../runtime/index.ts';
import type { Fact } from './checker.ts';
import { GRANTS, type SimulatedSkillName, simulatedRegistry } from './simulated-skills.ts';

export interface RunsWorld {
  /** `n-1#2`: the node and which of its lives. */
  readonly name: string;
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly life: SimulatedLife;
  readonly disk: SimulatedDisk;
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
}

const EVERY_MS = 1_200;
const AT_ONCE_MAX = 6;
export const SLOTS_PER_THREAD = 3;
const RUN_WALL_MS = 20_000;
const STREAMS_MAX = 1_000;
const BATCH_SHARE = 0.3;
/** A stream that grows by so many events at once, or not. */
export const BATCH_STREAM = 'batches';
export const BATCH_EVENTS = 3;

export class SimulatedRuns {
  readonly #world: RunsWorld;
  #parts: ExecuteParts | undefined;
  #count = 0;
  #active = 0;

  constructor(world: RunsWorld) {
    this.#world = world;
    void this.#begin();
  }

  /** A run that has to succeed now. @returns why it did not */
  async probe(): Promise<string | undefined> {
    if (!this.#parts) return 'its journal is not open';
    const outcome = await this.#execute({ skill: 'sum', input: { left: 1, right: 2 }, wanted: 3 });
    return outcome.ok ? undefined : outcome.error.message;
  }

  /** Tells what the journal holds. */
  async readBack(): Promise<void> {
    const { name, hear } = this.#world;
    const journal = this.#parts?.journal;
    const streams = await journal?.streams('', STREAMS_MAX);
    if (!journal || !streams?.ok) return;
    hear({ kind: 'journal reading', node: name });
    for (const stream of streams.value) {
      const read = await journal.read(stream);
      if (!read.ok) {
        hear({ kind: 'journal unreadable', node: name, stream, reason: read.error.message });
        continue;
      }
      for (const event of read.value) hear(foundFact(name, event));
    }
    hear({ kind: 'journal read', node: name });
  }

  async #begin(): Promise<void> {
    const { name, system, ports, life, disk, hear } = this.#world;
    const opened = await openSimulatedJournal({
      disk,
      clock: ports.clock,
      timers: ports.timers,
      onDamage: 'keep-prefix',
    });
    const registry = await simulatedRegistry();
    if (!life.isAlive) return;
    if (!opened.ok) {
      return hear({
        kind: 'journal unreadable',
        node: name,
        stream: '',
        reason: opened.error.code,
      });
    }
    const { journal, damage } = opened.value;
    hear({ kind: 'journal opened', node: name, damagedAt: damage?.sequence });
    const kv = system.spawn(kvActor, memoryKeyValue(), { name: 'kv' });
    const pool = system.spawn(skillPoolActor, {
      kv,
      warmHosts: 0,
      slotsPerThread: SLOTS_PER_THREAD,
      policy: 'grants',
    });
    const verifier = system.spawn(verifierActor, { pool }, { name: 'verifier' });
    const heard = heardJournal(journal, this.#world);
    this.#parts = { system, registry, journal: heard, pool, verifier, policy: undefined };
    await this.readBack();
    this.#next();
  }

  #next(): void {
    const { ports, isQuiet } = this.#world;
    ports.timers.after(-Math.log(1 - ports.random.next()) * EVERY_MS, () => {
      if (!isQuiet() && this.#active < AT_ONCE_MAX) void this.#execute(this.#draw());
      if (!isQuiet() && ports.random.next() < BATCH_SHARE) void this.#appendBatch();
      this.#next();
    });
  }

  /** Several events at once: all of them are kept, or none. */
  async #appendBatch(): Promise<void> {
    const events = Array.from({ length: BATCH_EVENTS }, (_, at) => ({ type: 'batched', body: at }));
    await this.#parts?.journal.append(BATCH_STREAM, events);
  }

  async #execute({ skill, input, wanted, times = 1, verify = false }: Wish) {
    const { name, hear, life } = this.#world;
    const run = `${name} run ${++this.#count}`;
    const steps = Array.from({ length: times }, (_, at) => ({
      id: `s${at}`,
      skill,
      input: skill === 'pay' ? run : input,
      ...(at > 0 ? { needs: [`s${at - 1}`] } : {}),
      ...(verify ? { verify: { replicas: 2, quorum: 2 } } : {}),
      retry: { attempts: 3, minMs: 50, maxMs: 500 },
    }));
    const plan = { plan: skill, steps, grants: GRANTS, budget: { wallMs: RUN_WALL_MS } };
    this.#active++;
    hear({ kind: 'run began', run });
    const parts = this.#parts as ExecuteParts;
    const outcome = await executeRun({ target: { kind: 'plan', plan } }, parts, () => undefined);
    this.#active--;
    if (life.isAlive) {
      const isRight = outcome.ok && (wanted === undefined || outcome.value === wanted);
      const code = outcome.ok ? undefined : outcome.error.code;
      hear({ kind: 'run ended', run, runId: outcome.runId, code, isRight });
    }
    return outcome;
  }

  #draw(): Wish {
    const { random } = this.#world.ports;
    const chance = random.next();
    const verify = random.next() < 0.3;
    if (chance < 0.4) {
      const [left, right] = [random.next(), random.next()];
      const times = 1 + Math.floor(random.next() * 3);
      return { skill: 'sum', input: { left, right }, wanted: left + right, times, verify };
    }
    if (chance < 0.55) return { skill: 'draw', input: null, verify };
    if (chance < 0.65)
      return { skill: 'count', input: `counter-${Math.floor(chance * 1_000) % 3}` };
    if (chance < 0.85) return { skill: 'pay', input: null, wanted: 200, verify };
    const [skill] = (['tire', 'wait', 'fault'] as const).slice(Math.floor(random.next() * 3));
    return { skill: skill ?? 'wait', input: null };
  }
}

interface Wish {
  readonly skill: SimulatedSkillName;
  readonly input: Json;
  readonly wanted?: Json;
  readonly times?: number;
  readonly verify?: boolean;
}

const digestOf = ({ type, body }: JournalEvent): string =>
  createHash('sha1')
    .update(canonicalize([type, body]) ?? '')
    .digest('hex')
    .slice(0, 12);

const foundFact = (node: string, event: RecordedEvent): Fact => {
  const { sequence, stream, streamSequence, type } = event;
  const digest = digestOf(event);
  return { kind: 'journal found', node, sequence, stream, streamSequence, type, digest };
};

/** Tells of every event that was confirmed. */
function heardJournal(journal: Journal, { name, hear, life }: RunsWorld): Journal {
  return {
    ...journal,
    append: async (stream, events, options) => {
      const appended = await journal.append(stream, events, options);
      if (!appended.ok || !life.isAlive) return appended;
      const { firstSequence, lastStreamSequence } = appended.value;
      for (const [at, event] of events.entries()) {
        hear({
          kind: 'journaled',
          node: name,
          sequence: firstSequence + at,
          stream,
          type: event.type,
          streamSequence: lastStreamSequence - events.length + 1 + at,
          digest: digestOf(event),
        });
      }
      return appended;
    },
  };
}
