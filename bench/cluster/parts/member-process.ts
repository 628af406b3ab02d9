/** One member in a process of its own, as a benchmark sees it. */
import { type ChildProcess, fork } from 'node:child_process';

const MEMBER = new URL('./member.ts', import.meta.url);

/** What a member tells its parent; times are of CLOCK_MONOTONIC. */
export interface FromMember {
  readonly connectedMs?: number;
  readonly knows?: string;
  readonly suspects?: string;
  readonly gone?: string;
  readonly atMs?: number;
  readonly members?: number;
  readonly sentBytes?: number;
  readonly sentPackets?: number;
}

export interface MemberOptions {
  readonly cluster?: string;
  /** Share of packets lost, of those that it sends and of those that come. */
  readonly loss?: number;
  /** Loops in its main thread, for so much of the time (0..1), and in as many worker threads, all of the time. */
  readonly busy?: { readonly mainShare: number; readonly workers: number };
}

export interface MemberProcess {
  readonly id: string;
  readonly child: ChildProcess;
  /** Whom it knows, and since when. */
  readonly knows: ReadonlyMap<string, number>;
  readonly gone: ReadonlyMap<string, number>;
  readonly connectedMs: () => number;
  readonly counts: { members: number; sentBytes: number; sentPackets: number; suspicions: number };
}

/** It ends with its parent. */
export function startMember(id: string, url: string, options: MemberOptions = {}): MemberProcess {
  const child = fork(MEMBER, [id, url, JSON.stringify(options)], { stdio: 'inherit' });
  const knows = new Map<string, number>();
  const gone = new Map<string, number>();
  const counts = { members: 0, sentBytes: 0, sentPackets: 0, suspicions: 0 };
  let connectedMs = Number.NaN;
  child.on('message', (message: FromMember) => {
    connectedMs = message.connectedMs ?? connectedMs;
    if (message.knows !== undefined && !knows.has(message.knows)) {
      knows.set(message.knows, message.atMs ?? Number.NaN);
    }
    if (message.gone !== undefined) gone.set(message.gone, message.atMs ?? Number.NaN);
    if (message.suspects !== undefined) counts.suspicions++;
    counts.members = message.members ?? counts.members;
    counts.sentBytes = message.sentBytes ?? counts.sentBytes;
    counts.sentPackets = message.sentPackets ?? counts.sentPackets;
  });
  return { id, child, knows, gone, connectedMs: () => connectedMs, counts };
}
