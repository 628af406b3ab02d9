/**
 * Replaces the nodes of a group one at a time: drain, stop, start anew, wait until it is ready, go on. What cannot be drained goes on
 * as it was; what does not get ready is started with its previous settings; in both cases the nodes after it are left alone.
 */
import { type Clock, failure, type Result, success } from '../../contracts/index.ts';
import type { NodeGroup } from './node-group.ts';
import type { NodeSettings } from './node-settings.ts';

export type RolloutAct = 'drain' | 'drained' | 'stop' | 'start' | 'ready' | 'turn back' | 'failed';

export interface RolloutStep {
  /** From the start of the rollout. */
  readonly atMs: number;
  readonly name: string;
  readonly act: RolloutAct;
  readonly detail?: string;
}

export interface RolloutOptions {
  /** New settings, in the order in which the nodes are replaced. */
  readonly settings: readonly NodeSettings[];
  /** For each drain, and for each start until the node is ready. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onStep?: (step: RolloutStep) => void;
}

export interface RolloutReport {
  readonly replaced: readonly string[];
  readonly elapsedMs: number;
}

type Say = (act: RolloutAct, detail?: string) => void;

/** Failure: REDEPLOY_FAILED, for the first node that could not be replaced. */
export async function rollOut(
  group: NodeGroup,
  { settings, timeoutMs, clock, onStep }: RolloutOptions,
): Promise<Result<RolloutReport>> {
  const startedMs = clock.monotonicMs();
  const replaced: string[] = [];
  for (const wanted of settings) {
    const { name } = wanted;
    const say: Say = (act, detail) =>
      onStep?.({
        atMs: clock.monotonicMs() - startedMs,
        name,
        act,
        ...(detail === undefined ? {} : { detail }),
      });
    const failed = await replace(group, wanted, timeoutMs, say);
    if (failed) {
      say('failed', failed.reason);
      return failure('REDEPLOY_FAILED', { node: name, ...failed });
    }
    replaced.push(name);
  }
  return success({ replaced, elapsedMs: clock.monotonicMs() - startedMs });
}

interface Failed {
  readonly reason: string;
  /** Whether the node does its work, as it did before. */
  readonly isBack: boolean;
}

async function replace(
  group: NodeGroup,
  wanted: NodeSettings,
  timeoutMs: number,
  say: Say,
): Promise<Failed | undefined> {
  const { name } = wanted;
  const previous = group.settingsOf(name);
  if (!previous) return { reason: 'there is no such node', isBack: false };
  for (const other of group.nodes()) {
    // Somebody has to do the work meanwhile.
    if (other.name === name || other.state === 'failed' || other.state === 'drained') continue;
    const ready = await group.whenReady(other.name, timeoutMs);
    if (!ready.ok) return { reason: ready.error.message, isBack: true };
  }
  const stuck = await drain(group, name, timeoutMs, say);
  if (stuck) return stuck;
  say('stop');
  await group.stopNode(name);
  say('start');
  const ready = await group.begin(wanted, timeoutMs);
  if (ready.ok) {
    say('ready', pidOf(group, name));
    return undefined;
  }
  say('turn back', ready.error.message);
  const back = await group.begin(previous, timeoutMs);
  if (back.ok) say('ready', `${pidOf(group, name)}, with its previous settings`);
  return { reason: ready.error.message, isBack: back.ok };
}

async function drain(
  group: NodeGroup,
  name: string,
  timeoutMs: number,
  say: Say,
): Promise<Failed | undefined> {
  say('drain', pidOf(group, name));
  const drained = await group.drain(name, timeoutMs);
  if (drained.ok) {
    const { elapsedMs, finishedRuns } = drained.value;
    say('drained', `${finishedRuns} runs ended in ${Math.round(elapsedMs)} ms`);
    return undefined;
  }
  // Who is gone has nothing left to drain.
  if (drained.error.code !== 'DRAIN_TIMEOUT') return undefined;
  say('turn back', drained.error.message);
  group.resume(name);
  return { reason: drained.error.message, isBack: true };
}

const pidOf = (group: NodeGroup, name: string): string =>
  `process ${group.nodes().find((node) => node.name === name)?.pid ?? 'none'}`;
