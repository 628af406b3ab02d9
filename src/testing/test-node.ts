/** One life of a node of a test cluster: a real actor system that a crash ends in the middle of whatever it did. */
import type { Log, NodeId, Random } from '../contracts/index.ts';
import { portsOf, type SimulatedBus, SimulatedLife, type SimulatedTime } from '../host/index.ts';
import { ActorSystem, joinBus } from '../kernel/index.ts';
import { type PeerSessions, simulatedIdentity } from '../transport/index.ts';
import type { TestSystem } from './test-system.ts';

export interface TestNodeWorld {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly bus: SimulatedBus;
  readonly log: Log;
}

const CLUSTER = 'test';
const DRAIN_MS = 500;

export class TestNode implements TestSystem {
  readonly name: string;
  /** Counts the lives of the name, from 1. */
  readonly lifeNumber: number;
  readonly system: ActorSystem;
  readonly time: SimulatedTime;
  readonly #life = new SimulatedLife();
  readonly #sessions: PeerSessions;

  constructor(name: string, lifeNumber: number, { time, random, bus, log }: TestNodeWorld) {
    this.name = name;
    this.lifeNumber = lifeNumber;
    this.time = time;
    const ports = portsOf(this.#life, time, random.fork(`${name}/${lifeNumber}`));
    this.system = new ActorSystem({ node: name as NodeId, epoch: lifeNumber, ports, log });
    this.#sessions = joinBus(this.system, {
      cluster: CLUSTER,
      bus: bus.join(name, this.#life),
      identity: simulatedIdentity(this.system.node),
    });
  }

  get isAlive(): boolean {
    return this.#life.isAlive;
  }

  crash(): void {
    this.#life.die();
  }

  hang(): void {
    this.#life.hang();
  }

  wake(): void {
    this.#life.wake();
  }

  /** Settles when everything of the node has ended in order. */
  async stop(): Promise<void> {
    if (!this.isAlive) return;
    await this.system.shutdown({ drainMs: DRAIN_MS });
    await this.#sessions.close();
  }
}
