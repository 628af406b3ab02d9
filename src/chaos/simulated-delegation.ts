/**
 * The part of a simulated node that does steps for other nodes and has steps done by them: the real delegate and delegator, a pool, and
 * a client that asks for one run after the other, wherever each is to be done.
 */
import {
  contractOf,
  type delegatorActor,
  kvActor,
  skillPoolActor,
  verifierActor,
} from '../actors/index.ts';
import type { MemberReport } from '../cluster/index.ts';
import {
  DEFAULT_TENANT,
  type Json,
  type NodeId,
  type Ports,
  type StepPlace,
} from '../contracts/index.ts';
import type { SimulatedLife } from '../host/index.ts';
import { memoryJournal, memoryKeyValue } from '../journal/index.ts';
import type { ActorSystem, RefOf } from '../kernel/index.ts';
import {
  type ExecuteParts,
  executeRun,
  type NodeDelegation,
  startDelegation,
} from '../runtime/index.ts';
import type { SkillRegistry } from '../skills/index.ts';
import type { Fact } from './checker.ts';
import { EFFECTS, FAR_GRANTS, type FarInput, type FarSkill } from './far-skills.ts';

export interface DelegationWorld {
  readonly id: NodeId;
  /** `n-1#2`: the node and which of its lives. */
  readonly name: string;
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly life: SimulatedLife;
  readonly registry: SkillRegistry;
  readonly members: () => readonly MemberReport[];
  readonly hear: (fact: Fact) => void;
  /** While it is, runs are begun, and the node refuses work now and then. */
  readonly isTroubled: () => boolean;
}

interface Wish {
  readonly skill: FarSkill;
  readonly place: StepPlace;
  readonly workMs: number;
  readonly attempts: number;
}

/** Of each node of the cluster. */
export const labelsOf = (node: NodeId): Readonly<Record<string, string>> => ({
  node,
  zone: Number(node.slice(2)) % 2 === 0 ? 'even' : 'odd',
});

export const SLOTS = 3;
const CAPACITY = 2;
/** Few, so that rooms are full now and then, and one that is never given free shows. */
export const TASKS_MAX = 6;
const EVERY_MS = 2_000;
const AT_ONCE_MAX = 3;
const RUN_WALL_MS = 20_000;
const ASK_MS = 40_000;
const EVENTS_MAX = 10_000;
const FULL_EVERY_MS = 4_000;
const FULL_FOR_MS = 800;
const TWICE_SHARE = 0.15;
const AGAIN_MS = 400;
/** Beside those that the plan names, for a lost thread. */
const FREE_ATTEMPTS = 2;
const RETRY = { minMs: 50, maxMs: 500 } as const;

export class SimulatedDelegation {
  readonly #world: DelegationWorld;
  readonly #delegation: NodeDelegation;
  readonly #parts: ExecuteParts;
  #count = 0;
  #active = 0;
  #takesWork = true;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(world: DelegationWorld) {
    this.#world = world;
    const { name, system, ports, registry, members, hear } = world;
    const kv = system.spawn(kvActor, memoryKeyValue());
    const pool = system.spawn(skillPoolActor, {
      ...{ kv, warmHosts: 0, slotsPerThread: SLOTS },
      policy: 'grants',
    });
    this.#delegation = startDelegation({
      ...{ system, pool, kv, registry, members, policy: undefined },
      ...{ capacity: CAPACITY, tasksMax: TASKS_MAX },
      takesWork: () => {
        if (!this.#takesWork) hear({ kind: 'offer refused', by: name });
        return this.#takesWork;
      },
    });
    const { delegator, find } = this.#delegation;
    const verifier = system.spawn(verifierActor, { pool: delegator });
    const journal = memoryJournal({ clock: ports.clock, eventsMax: EVENTS_MAX });
    const parts = { system, registry, journal, pool: delegator, verifier, policy: undefined };
    this.#parts = { ...parts, findElsewhere: find };
    this.#next();
    this.#refuseNowAndThen();
  }

  memberGone(node: NodeId): void {
    this.#delegation.memberGone(node);
  }

  /** A run with one step that another node has to do now. @returns why it did not */
  async probe(): Promise<string | undefined> {
    const place = { elsewhere: true };
    return this.#run({ skill: 'far-sum', place, workMs: 1, attempts: 1 });
  }

  /** One step after the other, all done by `node`: more of them than it has room for at once. @returns why one was not done */
  async crowd(node: NodeId): Promise<string | undefined> {
    for (let step = 0; step < TASKS_MAX + 2; step++) {
      const wish = {
        skill: 'far-sum',
        place: { labels: { node } },
        workMs: 1,
        attempts: 1,
      } as const;
      const reason = await this.#run(wish);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** Long work that is given to `node`, and some to whoever takes it; resolves when it has ended, whatever its end. */
  async burden(node: NodeId): Promise<void> {
    const { registry } = this.#world;
    const held = (skill: FarSkill): boolean => registry.find(skill).ok;
    const skills = (['far-pay', 'far-book'] as const).filter(held);
    const long = { workMs: 2_500, attempts: 1 };
    await Promise.all([
      ...skills.map((skill) => this.#run({ ...long, skill, place: { labels: { node } } })),
      this.#run({ ...long, skill: 'far-sum', place: { elsewhere: true } }),
    ]);
  }

  /** Takes no more work and begins none; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#takesWork = false;
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#delegation.idle();
  }

  #next(): void {
    const { ports, isTroubled } = this.#world;
    const { random, timers } = ports;
    timers.after(-Math.log(1 - random.next()) * EVERY_MS, () => {
      if (this.#isClosed || !isTroubled()) return;
      if (this.#active < AT_ONCE_MAX) {
        if (random.next() < TWICE_SHARE) void this.#twice();
        else void this.#run(this.#draw());
      }
      this.#next();
    });
  }

  #draw(): Wish {
    const { random } = this.#world.ports;
    const chance = random.next();
    const skill = (['far-sum', 'far-book', 'far-pay', 'far-keep'] as const)[
      Math.floor(random.next() * 4)
    ] as FarSkill;
    const workMs = random.next() < 0.3 ? 500 + random.next() * 2_500 : random.next() * 60;
    const zone = chance < 0.6 ? 'odd' : 'even';
    const place = chance < 0.45 ? { elsewhere: true } : chance < 0.75 ? { labels: { zone } } : {};
    return { skill, place, workMs: Math.floor(workMs), attempts: 3 };
  }

  /** @returns why it did not succeed */
  async #run({ skill, place, workMs, attempts }: Wish): Promise<string | undefined> {
    const length = skill === 'far-keep' ? 2 : 1;
    const task = this.#begin(skill, length * (attempts + FREE_ATTEMPTS));
    const input: FarInput = { task, value: this.#count, workMs };
    // What the first step kept the second finds, wherever each is done.
    const steps = Array.from({ length }, (_, at) => ({
      ...{ id: `s${at}`, skill, input, place, retry: { attempts, ...RETRY } },
      ...(at > 0 ? { needs: [`s${at - 1}`] } : {}),
    }));
    const plan = { plan: task, steps, grants: FAR_GRANTS, budget: { wallMs: RUN_WALL_MS } };
    const outcome = await executeRun({ target: { kind: 'plan', plan } }, this.#parts, () => {});
    if (outcome.ok) this.#end(task, undefined, outcome.value === input.value);
    else this.#end(task, outcome.error, false);
    return outcome.ok ? undefined : `${outcome.error.code}: ${outcome.error.message}`;
  }

  /** One call that comes twice to the same node, as after a doubt. */
  async #twice(): Promise<void> {
    const { id, members, ports, system, registry } = this.#world;
    const { random, timers, clock } = ports;
    const others = members().filter(({ node }) => node !== id);
    const node = others[Math.floor(random.next() * others.length)]?.node;
    const found = registry.find('far-book');
    if (node === undefined || !found.ok) return;
    const { value: skill } = found;
    const contract = contractOf(skill.manifest, { grants: FAR_GRANTS, ceilings: [] });
    if (!contract.ok) return;
    const task = this.#begin('far-book', 1, 2);
    const value = this.#count;
    const workMs = 200;
    const invocation = {
      ...{ skill, ...contract.value, tenant: DEFAULT_TENANT, place: { labels: { node } } },
      ...{ input: { task, value, workMs } as unknown as Json, attempt: 1 },
      ...{ seed: task, task, startWallMs: Math.floor(clock.wallMs()) },
    };
    const call = async (): Promise<void> => {
      const delegator = this.#delegation.delegator as RefOf<typeof delegatorActor>;
      const answer = await system.ask(delegator, 'invoke', invocation, { timeoutMs: ASK_MS });
      if (answer.kind !== 'answered') return this.#end(task, answer.error, false);
      const { result } = answer.value;
      if (result.ok) this.#end(task, undefined, result.value === value);
      else this.#end(task, result.error, false);
    };
    void call();
    timers.after(random.next() * AGAIN_MS, () => void call());
  }

  #begin(skill: FarSkill, attempts: number, calls = 1): string {
    const { name, hear } = this.#world;
    const task = `${name} task ${++this.#count}`;
    this.#active += calls;
    hear({ kind: 'task began', task, effects: EFFECTS[skill], attempts, calls });
    return task;
  }

  #end(
    task: string,
    error: { readonly code: string; readonly details: unknown } | undefined,
    isRight: boolean,
  ): void {
    const { life, hear } = this.#world;
    const { code } = error ?? {};
    const { node } = Object(error?.details) as { readonly node?: string };
    const lost = code === 'DELEGATION_UNKNOWN' ? node : undefined;
    if (life.isAlive) hear({ kind: 'task ended', task, code, isRight, lost });
    if (--this.#active === 0) this.#onIdle?.();
  }

  #refuseNowAndThen(): void {
    const { ports, isTroubled } = this.#world;
    const { random, timers } = ports;
    timers.after(-Math.log(1 - random.next()) * FULL_EVERY_MS, () => {
      if (this.#isClosed || !isTroubled()) return;
      this.#takesWork = false;
      timers.after(FULL_FOR_MS, () => {
        if (this.#isClosed) return;
        this.#takesWork = true;
        this.#refuseNowAndThen();
      });
    });
  }
}
