/**
 * The actor of a skill package, run by a test turn by turn in the test's own process, as `testSkill` runs a skill: the schemas, limits and
 * rules of a node, its state and reminders in memory, time that moves only when the test says so. There is no wall.
 */
import { earliest, imageOf, type Reminder, withoutFired, withReminder } from '../cluster/index.ts';
import {
  DEFAULT_TENANT,
  failure,
  grantsFrom,
  type Json,
  type KeyValue,
  type Result,
  type SkillManifest,
  success,
  type TurnCause,
  type TurnInput,
  type TurnOutput,
} from '../contracts/index.ts';
import { ACTOR_TURN, effectiveGrants, keyValueSpace } from '../sandbox/index.ts';
import { requireArgument } from './expectation.ts';
import { keyValueOf } from './fake-effects.ts';
import { loadModule } from './load-handler.ts';
import type { SkillHandler } from './skill-host.ts';
import { runSkill, type SkillRun } from './skill-run.ts';
import { manifestOf, type SkillTest, START_WALL_MS } from './test-skill.ts';

export interface ActorTestOptions extends Pick<SkillTest, 'grants' | 'fakes' | 'seed'> {
  /** The export `actor`, or the text of the module, TypeScript or JavaScript. */
  readonly actor: object | string;
  /** `skill.json`, with `actor`. */
  readonly manifest: object;
  /** Default `key`. */
  readonly key?: string;
  /** What it kept before, and the version of the package that made it, to test `migrate`. */
  readonly kept?: { readonly state: Json; readonly version: string };
  /** Where time begins, Unix epoch, ms; default 2026-01-01. */
  readonly startWallMs?: number;
}

/** One turn; `result` is the reply. A failed turn has changed nothing but what it did outside. */
export type ActorTurn = Pick<SkillRun, 'result' | 'calls' | 'lines' | 'thrown'>;

export interface FiredTurn extends ActorTurn {
  readonly name: string;
  readonly sequence: number;
}

const TURNS_MAX = 10_000;
/** As a node waits before a reminder that failed comes again, the first time. */
const RETRY_MS = 1_000;

/** @throws MANIFEST_INVALID, ARGUMENT_INVALID as a `SkeinException` */
export async function testActor(options: ActorTestOptions): Promise<ActorTest> {
  const manifest = manifestOf(options.manifest);
  const isActor = manifest.actor !== undefined;
  requireArgument(isActor, 'manifest', {
    found: 'no `actor`',
    expected: 'the messages of an actor',
  });
  const { fakes: { kv } = {} } = options;
  const store = await keyValueOf(kv, keyValueSpace(DEFAULT_TENANT, manifest.name));
  return new ActorTest(options, manifest, store);
}

export class ActorTest {
  readonly #options: ActorTestOptions;
  readonly #manifest: SkillManifest;
  readonly #store: KeyValue;
  readonly #key: string;
  #state: Json;
  #version: string | null;
  #reminders: readonly Reminder[] = [];
  #nowMs: number;
  #turns = 0;
  #kv: Readonly<Record<string, Json>> = {};
  #wantsPassivation = false;

  constructor(options: ActorTestOptions, manifest: SkillManifest, store: KeyValue) {
    const { kept = { state: null, version: null }, key = 'key' } = options;
    this.#options = options;
    this.#manifest = manifest;
    this.#store = store;
    this.#key = key;
    this.#state = kept.state;
    this.#version = kept.version;
    this.#nowMs = options.startWallMs ?? START_WALL_MS;
  }

  /** A copy; null before the first turn that ended well, and after `ctx.erase`. */
  get state(): Json {
    return structuredClone(this.#state);
  }

  get reminders(): readonly Reminder[] {
    return this.#reminders;
  }

  /** Whether the last turn asked to leave memory. */
  get wantsPassivation(): boolean {
    return this.#wantsPassivation;
  }

  /** What the skill's store held after the last turn, at most 1,000 keys. */
  get kv(): Readonly<Record<string, Json>> {
    return this.#kv;
  }

  /** Unix epoch, ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Sends a message. Failures are in `result`: those of a skill's run, MESSAGE_UNHANDLED, VIRTUAL_STATE_INVALID. */
  async ask(type: string, payload: Json = null): Promise<ActorTurn> {
    const { actor, name, version } = this.#manifest;
    if (actor && Object.hasOwn(actor.messages, type)) {
      return this.#turn({ kind: 'message', type, payload }, this.#reminders);
    }
    const facts = { actor: this.#address, type, behaviour: `${name}@${version}` };
    const result = failure('MESSAGE_UNHANDLED', facts);
    return { result, calls: [], lines: [], thrown: undefined };
  }

  /**
   * Lets time pass and fires what is due, in order. One that fails is still there, a second later.
   * @throws ARGUMENT_INVALID as a `SkeinException`: a negative time, or more than 10,000 turns within it
   */
  async advance(ms: number): Promise<readonly FiredTurn[]> {
    requireArgument(ms >= 0, 'ms', { found: String(ms), expected: 'milliseconds from 0' });
    const untilMs = this.#nowMs + ms;
    const fired: FiredTurn[] = [];
    for (;;) {
      const due = earliest(this.#reminders);
      if (!due || due.dueAtMs > untilMs) break;
      const facts = { found: `${TURNS_MAX} reminders fired`, expected: 'less time' };
      requireArgument(fired.length < TURNS_MAX, 'ms', facts);
      this.#nowMs = Math.max(this.#nowMs, due.dueAtMs);
      fired.push(await this.#fire(due));
    }
    this.#nowMs = untilMs;
    return fired;
  }

  async #fire(due: Reminder): Promise<FiredTurn> {
    const { name, sequence, dueAtMs, payload = null } = due;
    const cause = { kind: 'reminder', name, sequence, dueAtMs, payload } as const;
    const turn = await this.#turn(cause, withoutFired(this.#reminders, due, this.#nowMs));
    if (!turn.result.ok) {
      const again = { ...due, dueAtMs: this.#nowMs + RETRY_MS };
      this.#reminders = this.#reminders.map((each) => (each === due ? again : each));
    }
    return { ...turn, name, sequence };
  }

  async #turn(cause: TurnCause, reminders: readonly Reminder[]): Promise<ActorTurn> {
    const { grants, fakes = {}, seed = 'skein' } = this.#options;
    const manifest = this.#manifest;
    const input: TurnInput = {
      ...{ key: this.#key, cause, version: manifest.version },
      ...{ state: this.state, stateVersion: this.#version },
    };
    const { result, calls, lines, thrown, kv } = await runSkill({
      skill: (given, ctx) => this.#handle(given, ctx),
      manifest,
      input: input as unknown as Json,
      entry: {
        kind: 'actor',
        ...(cause.kind === 'message' ? { message: cause.type } : {}),
      },
      grants: effectiveGrants(manifest.capabilities, grantsFrom(grants)),
      fakes: { ...fakes, kv: this.#store },
      seed: `${seed}/${this.#turns++}`,
      startWallMs: this.#nowMs,
    });
    this.#kv = kv;
    const kept = result.ok ? this.#keep(result.value as unknown as TurnOutput, reminders) : result;
    return { result: kept, calls, lines, thrown };
  }

  /** The module is loaded anew each turn when it is given as a text, as inside the wall. */
  readonly #handle: SkillHandler = async (input, ctx) => {
    const { actor: given } = this.#options;
    const module =
      typeof given === 'string'
        ? await loadModule(given, this.#manifest.name)
        : success({ actor: given });
    if (!module.ok) throw new Error(module.error.message);
    const turn = turnOf(module.value.actor);
    if (!turn) throw new Error('the module has no export `actor` with `receive`');
    return turn(input, ctx);
  };

  /** All of it or nothing. */
  #keep(output: TurnOutput, before: readonly Reminder[]): Result<Json> {
    let reminders = before;
    for (const wanted of output.reminders) {
      if ('cancel' in wanted) {
        reminders = reminders.filter(({ name }) => name !== wanted.name);
        continue;
      }
      const { name, payload } = wanted;
      const time = 'afterMs' in wanted ? { afterMs: wanted.afterMs } : { everyMs: wanted.everyMs };
      const set = withReminder(reminders, { name, time, payload }, this.#nowMs);
      if (!set.ok) return set;
      reminders = set.value;
    }
    const { version } = this.#manifest;
    const image = imageOf(this.#address, { data: output.state, version }, reminders);
    if (!image.ok) return image;
    this.#wantsPassivation = output.passivate;
    this.#reminders = output.erase ? [] : reminders;
    this.#state = output.erase ? null : (output.state as Json);
    this.#version = output.erase ? null : version;
    return success(output.reply);
  }

  get #address(): string {
    return `skein://${this.#manifest.name}/${DEFAULT_TENANT}/${this.#key}`;
  }
}

/** The text that stands around the module inside the wall. */
const turnOf = new Function(`'use strict';${ACTOR_TURN} return turnOf;`)() as (
  actor: unknown,
) => SkillHandler | undefined;
