/** The durable load of one machine: runs that its journal acknowledges, and writes to the state that all nodes share. */

import type { RunId, SharedState } from '../../src/contracts/index.ts';
import { realPorts } from '../../src/host/index.ts';
import { openJetStreamState } from '../../src/journal/index.ts';
import type { SkeinNode } from '../../src/runtime/index.ts';
import { createLog } from '../../src/telemetry/index.ts';
import { dialNats } from '../../src/transport/index.ts';
import type { Audit, LoadReport } from './commands.ts';
import { nowMs } from './now.ts';

const RUN_EVERY_MS = 500;
const WRITE_EVERY_MS = 50;
const IN_FLIGHT_MAX = 64;

export class Load {
  readonly #node: SkeinNode;
  readonly #state: SharedState;
  readonly #runs = new Map<RunId, number>();
  readonly #failedRuns: Record<string, number> = {};
  readonly #written: string[] = [];
  readonly #refused: string[] = [];
  #unknown = 0;
  #wrote = 0;
  #inFlight = 0;
  #resumedMs = 0;
  #wasRefused = false;
  #isOn = false;

  static async start(node: SkeinNode, natsUrl: string): Promise<Load> {
    const log = createLog({
      level: 'silent',
      format: 'json',
      clock: realPorts.clock,
      bindings: {},
    });
    const nats = await dialNats({ url: natsUrl, name: `${node.id}/load`, log });
    if (!nats.ok) throw new Error(nats.error.message);
    const { timers } = realPorts;
    const options = { nats: nats.value, cluster: 'outage', name: 'load', timers, log };
    const state = await openJetStreamState(options);
    if (!state.ok) throw new Error(state.error.message);
    return new Load(node, state.value);
  }

  private constructor(node: SkeinNode, state: SharedState) {
    this.#node = node;
    this.#state = state;
    setInterval(
      () => this.#isOn && this.#inFlight < IN_FLIGHT_MAX && void this.#run(),
      RUN_EVERY_MS,
    );
    setInterval(
      () => this.#isOn && this.#inFlight < IN_FLIGHT_MAX && void this.#write(),
      WRITE_EVERY_MS,
    );
  }

  set isOn(isOn: boolean) {
    this.#isOn = isOn;
  }

  report(): LoadReport {
    return {
      runs: this.#runs.size,
      failedRuns: this.#failedRuns,
      runTimesMs: [...this.#runs.values()],
      written: this.#written.length,
      refusedWrites: this.#refused.length,
      unknownWrites: this.#unknown,
      resumedMs: this.#resumedMs,
      inFlight: this.#inFlight,
    };
  }

  /** Looks for everything that was acknowledged, and for what was said not to have happened. */
  async audit(): Promise<Audit> {
    let lostRuns = 0;
    let repeatedRuns = 0;
    for (const runId of this.#runs.keys()) {
      const found = await this.#node.query({ kind: 'budget', runId });
      if (!found.ok) lostRuns++;
      else if (found.value.attempts !== 1) repeatedRuns++;
    }
    const keys = await this.#state.keys('');
    if (!keys.ok) throw new Error(keys.error.message);
    const there = new Set(keys.value);
    return {
      lostRuns,
      repeatedRuns,
      lostWrites: this.#written.filter((key) => !there.has(key)).length,
      ghostWrites: this.#refused.filter((key) => there.has(key)).length,
    };
  }

  async #run(): Promise<void> {
    this.#inFlight++;
    const startedMs = nowMs();
    const input = { value: [1, 2, 3], ops: [{ sum: null }] };
    const target = { kind: 'skill', skill: 'json_transform' } as const;
    const outcome = await this.#node.execute({ target, input });
    this.#inFlight--;
    if (outcome.ok) this.#runs.set(outcome.runId, nowMs() - startedMs);
    else this.#failedRuns[outcome.error.code] = (this.#failedRuns[outcome.error.code] ?? 0) + 1;
  }

  /** Each write makes a key of its own: a second effect of it would be a conflict. */
  async #write(): Promise<void> {
    this.#inFlight++;
    const key = `${this.#node.id}.${++this.#wrote}`;
    const written = await this.#state.create(key, { at: nowMs() });
    this.#inFlight--;
    if (written.ok) {
      this.#written.push(key);
      if (this.#wasRefused) this.#resumedMs = nowMs();
      this.#wasRefused = false;
      return;
    }
    this.#wasRefused = true;
    const { error } = written;
    const details = error.details as { readonly mayHaveHappened?: boolean };
    if (details.mayHaveHappened === true) this.#unknown++;
    else this.#refused.push(key);
  }
}
