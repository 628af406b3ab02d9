/**
 * What a journal confirmed as durable is there after every crash, as it was; what cannot be there any more, because a disk lied or a
 * bit turned over, is found and said. Sequences have no gaps, in the journal and in each stream; a run's events tell one story; events
 * that were appended together are all there, or none is.
 */
import type { Checker, Report } from '../checker.ts';
import { BATCH_EVENTS, BATCH_STREAM } from '../simulated-runs.ts';

interface Disk {
  /** Confirmed events by their sequence. */
  readonly confirmed: Map<number, { readonly digest: string; readonly stream: string }>;
  /** Streams of the reading that goes on of which an event was found damaged. */
  unreadable: Set<string>;
  /** What is found in the reading that goes on. */
  found: Map<number, string>;
  lastOf: Map<string, number>;
  /** A flush was a lie and the power failed: the end may be missing without a trace. */
  isLossy: boolean;
  isDamaged: boolean;
  /** A character changed: what was kept before it may end anywhere. */
  isFlipped: boolean;
}

/** `n-1#2` is the second life of `n-1`: they share the disk. */
const diskOf = (node: string): string => node.slice(0, node.indexOf('#'));

export function journalChecker(report: Report): Checker {
  const disks = new Map<string, Disk>();
  const at = (node: string): Disk => {
    const name = node.includes('#') ? diskOf(node) : node;
    const known = disks.get(name) ?? {
      confirmed: new Map(),
      unreadable: new Set(),
      found: new Map(),
      lastOf: new Map(),
      isLossy: false,
      isDamaged: false,
      isFlipped: false,
    };
    disks.set(name, known);
    return known;
  };
  const check = (name: string, disk: Disk): void => {
    for (const [sequence, { digest, stream }] of disk.confirmed) {
      const found = disk.found.get(sequence);
      if (found === digest || disk.unreadable.has(stream)) continue;
      const what = found === undefined ? 'is gone' : 'is another now';
      report('journal', `${name}: event ${sequence} was confirmed and ${what}`);
    }
    const batched = disk.lastOf.get(BATCH_STREAM) ?? 0;
    if (batched % BATCH_EVENTS !== 0 && !disk.isFlipped) {
      report('journal', `${name}: ${batched} events were appended ${BATCH_EVENTS} at a time`);
    }
    const last = Math.max(0, ...disk.found.keys());
    if (disk.found.size !== last && disk.unreadable.size === 0) {
      report('journal', `${name}: ${disk.found.size} events are there, the last is ${last}`);
    }
  };
  return {
    name: 'journal',
    hear: (fact) => {
      switch (fact.kind) {
        case 'disk damage': {
          const disk = at(fact.node);
          if (fact.what.startsWith('flushes')) disk.isLossy = true;
          else disk.isFlipped = true;
          disk.isDamaged = true;
          return;
        }
        case 'journal opened': {
          const disk = at(fact.node);
          const { damagedAt } = fact;
          if (damagedAt !== undefined && !disk.isDamaged) {
            report('journal', `${fact.node}: damage at ${damagedAt} that nothing caused`);
          }
          if (damagedAt !== undefined) forgetFrom(disk.confirmed, damagedAt);
          return;
        }
        case 'journal reading':
          at(fact.node).found = new Map();
          at(fact.node).lastOf = new Map();
          at(fact.node).unreadable = new Set();
          return;
        case 'journal unreadable':
          at(fact.node).unreadable.add(fact.stream);
          if (!at(fact.node).isDamaged) report('journal', `${fact.node}: ${fact.reason}`);
          return;
        case 'journaled':
          at(fact.node).confirmed.set(fact.sequence, fact);
          return;
        case 'journal found': {
          const disk = at(fact.node);
          disk.found.set(fact.sequence, fact.digest);
          const before = disk.lastOf.get(fact.stream) ?? 0;
          disk.lastOf.set(fact.stream, fact.streamSequence);
          if (fact.streamSequence !== before + 1) {
            report('journal', `${fact.stream}: event ${fact.streamSequence} follows ${before}`);
          }
          const isRun = fact.stream.startsWith('run/');
          if (isRun && (fact.streamSequence === 1) !== (fact.type === 'run.started')) {
            report('journal', `${fact.stream}: event ${fact.streamSequence} is ${fact.type}`);
          }
          return;
        }
        case 'journal read': {
          const disk = at(fact.node);
          if (disk.isLossy) forgetFrom(disk.confirmed, Math.max(0, ...disk.found.keys()) + 1);
          disk.isLossy = false;
          check(fact.node, disk);
          return;
        }
      }
    },
    finish: () => undefined,
  };
}

function forgetFrom(confirmed: Map<number, unknown>, sequence: number): void {
  for (const each of confirmed.keys()) if (each >= sequence) confirmed.delete(each);
}
