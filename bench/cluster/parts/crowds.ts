/** Several crowds of members around one real nats-server, as a benchmark sees them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { startTestNats, type TestNats } from '../../../tests/support/nats.ts';
import { nowMs, sleep, until } from './clock.ts';
import type { CrowdReport, Gone, ToCrowd } from './crowd-talk.ts';

const CROWD = new URL('./crowd.ts', import.meta.url);

export interface CrowdsOptions {
  readonly processes: number;
  readonly members: number;
  readonly connections?: number;
  /** Share of packets that each member loses, of those that it sends and of those that come. */
  readonly loss?: number;
}

export class Crowds {
  readonly #nats: TestNats;
  readonly #children: readonly ChildProcess[];
  readonly #ids: readonly (readonly string[])[];
  /** All deaths that were told so far, true or not. */
  readonly gone: Gone[] = [];

  static async start(options: CrowdsOptions): Promise<Crowds> {
    const { processes, connections = 2, loss = 0 } = options;
    const nats = await startTestNats();
    const children = Array.from({ length: processes }, () =>
      fork(CROWD, [nats.url, String(connections), String(loss)], { stdio: 'inherit' }),
    );
    const crowds = new Crowds(options, nats, children);
    process.once('exit', () => crowds.#kill());
    await Promise.all(children.map((child) => once(child, 'message')));
    return crowds;
  }

  private constructor(options: CrowdsOptions, nats: TestNats, children: readonly ChildProcess[]) {
    this.#nats = nats;
    this.#children = children;
    const { members, processes } = options;
    const all = Array.from({ length: members }, (_, at) => `n-${at + 1}`);
    this.#ids = children.map((_, at) => all.filter((_id, index) => index % processes === at));
  }

  /**
   * Starts all members, over `spreadMs`. `onProgress` hears now and then how many know all. @returns how long after the last start every
   * one knew every one
   */
  async meet(
    limitMs: number,
    spreadMs = 0,
    onProgress: (complete: number) => void = () => undefined,
  ): Promise<number> {
    const expected = this.#ids.flat().length;
    const startedMs = nowMs() + spreadMs;
    this.#children.forEach((child, at) => {
      tell(child, { kind: 'start', ids: this.#ids[at] ?? [], expected, spreadMs });
    });
    let completeMs = 0;
    const isComplete = async () => {
      const reports = await this.reports();
      completeMs = Math.max(...reports.map((each) => each.completeMs));
      const complete = reports.reduce((sum, each) => sum + each.complete, 0);
      onProgress(complete);
      return complete === expected;
    };
    await until('every member knows every member', isComplete, limitMs);
    return completeMs - startedMs;
  }

  /** Falls silent, all at once. */
  die(ids: readonly string[]): void {
    for (const child of this.#children) tell(child, { kind: 'die', ids });
  }

  async reports(): Promise<readonly CrowdReport[]> {
    const reports = await Promise.all(
      this.#children.map(async (child) => {
        tell(child, { kind: 'report' });
        const [report] = (await once(child, 'message')) as [CrowdReport];
        return report;
      }),
    );
    this.gone.push(...reports.flatMap(({ gone }) => gone));
    return reports;
  }

  /** What a member costs in a second, over so long: the mean of all. */
  async costs(forMs: number) {
    const before = sumOf(await this.reports());
    const startedMs = nowMs();
    await sleep(forMs);
    const after = sumOf(await this.reports());
    const seconds = (nowMs() - startedMs) / 1_000;
    const rate = (name: keyof Sums): number =>
      (after[name] - before[name]) / after.members / seconds;
    return {
      sentBytes: rate('sentBytes'),
      sentPackets: rate('sentPackets'),
      receivedBytes: rate('receivedBytes'),
      receivedPackets: rate('receivedPackets'),
      /** Of one core, 0..1. */
      cpuShare: rate('cpuMs') / 1_000,
    };
  }

  async close(): Promise<void> {
    this.#kill();
    await this.#nats.close();
  }

  #kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    const pid = this.#nats.pid();
    if (process.exitCode !== undefined && pid !== undefined) process.kill(pid, 'SIGKILL');
  }
}

type Sums = Pick<
  CrowdReport,
  'members' | 'sentBytes' | 'sentPackets' | 'receivedBytes' | 'receivedPackets' | 'cpuMs'
>;

function sumOf(reports: readonly CrowdReport[]): Sums {
  const sum = (name: keyof Sums): number => reports.reduce((all, each) => all + each[name], 0);
  return {
    members: sum('members'),
    sentBytes: sum('sentBytes'),
    sentPackets: sum('sentPackets'),
    receivedBytes: sum('receivedBytes'),
    receivedPackets: sum('receivedPackets'),
    cpuMs: sum('cpuMs'),
  };
}

const tell = (child: ChildProcess, message: ToCrowd): void => {
  if (child.connected) child.send(message);
};
