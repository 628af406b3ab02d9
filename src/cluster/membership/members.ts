/** The members of the cluster as a node's main thread knows them, kept by a thread of their own that is started again when it ends. */
import type { Log, NodeId, ThreadHandle, Threads, Timers } from '../../contracts/index.ts';
import {
  type FromGossip,
  type GossipReport,
  onControl,
  postControl,
  type ToGossip,
} from './gossip-control.ts';
import type { GossipBoot } from './gossip-thread.ts';
import { isGone, type MemberFacts, type MemberReport } from './member.ts';

export interface MembersOptions {
  /** Its epoch is that of the thread's first life. */
  readonly boot: GossipBoot;
  /** Its main module has to be `GOSSIP_MAIN_URL`. */
  readonly threads: Threads;
  readonly timers: Timers;
  readonly log: Log;
  readonly onChange?: (member: MemberReport) => void;
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
export const GOSSIP_MAIN_URL = new URL(`./gossip-thread${extension}`, import.meta.url).href;

export const GOSSIP_HEAP_MIB = 128;
const RESTART_MS = 500;
const REPORT_MS = 1_000;
const LEAVE_MS = 2_000;

export class Members {
  readonly #options: MembersOptions;
  readonly #reports = new Map<NodeId, MemberReport>();
  readonly #waiting = new Map<number, (report: GossipReport | undefined) => void>();
  #thread: ThreadHandle | undefined;
  #facts: MemberFacts;
  #asked = 0;
  #lives = 0;
  #isClosed = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#facts = options.boot.facts;
    this.#start();
  }

  /** Everybody who is not gone, this node included, by name. */
  list(): readonly MemberReport[] {
    const { self } = this.#options.boot;
    const own: MemberReport = {
      node: self,
      status: 'alive',
      incarnation: 0,
      by: self,
      facts: this.#facts,
    };
    const all = this.#reports.has(self) ? [] : [own];
    for (const report of this.#reports.values()) if (!isGone(report)) all.push(report);
    return all.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  /** Those who went without a word, and have not come back. */
  dead(): readonly NodeId[] {
    const all = [...this.#reports.values()];
    return all.filter(({ status }) => status === 'dead').map(({ node }) => node);
  }

  describe(facts: MemberFacts): void {
    this.#facts = facts;
    this.#say({ kind: 'describe', facts });
  }

  /** Undefined when the thread does not answer in a second. */
  report(): Promise<GossipReport | undefined> {
    const { promise, resolve } = Promise.withResolvers<GossipReport | undefined>();
    const id = ++this.#asked;
    const settle = (report: GossipReport | undefined): void => {
      this.#waiting.delete(id);
      late.cancel();
      resolve(report);
    };
    const late = this.#options.timers.after(REPORT_MS, () => settle(undefined));
    this.#waiting.set(id, settle);
    this.#say({ kind: 'report', id });
    return promise;
  }

  /** Tells the others that this node leaves. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const thread = this.#thread;
    if (!thread) return;
    const late = this.#options.timers.after(LEAVE_MS, () => thread.terminate({ kind: 'stopped' }));
    this.#say({ kind: 'leave' });
    await thread.exited;
    late.cancel();
  }

  #start(): void {
    const { threads, boot, timers, log } = this.#options;
    const facts = this.#facts;
    const thread = threads.start({
      name: 'gossip',
      boot: { ...boot, facts, epoch: boot.epoch + this.#lives++ },
      heapMiB: GOSSIP_HEAP_MIB,
    });
    this.#thread = thread;
    onControl<FromGossip>(thread.control, (message) => this.#hear(message));
    void thread.exited.then((exit) => {
      this.#thread = undefined;
      if (this.#isClosed) return;
      log.error('the thread of membership ended and is started again', { exit });
      timers.after(RESTART_MS, () => {
        if (!this.#isClosed) this.#start();
      });
    });
  }

  #hear(message: FromGossip): void {
    switch (message.kind) {
      case 'ready':
        return;
      case 'changed':
        this.#reports.set(message.member.node, message.member);
        this.#options.onChange?.(message.member);
        return;
      case 'report':
        this.#waiting.get(message.id)?.(message.report);
    }
  }

  #say(message: ToGossip): void {
    if (this.#thread) postControl(this.#thread.control, message);
  }
}
