/**
 * Who is alive is known: after the healing all views are right, and a death is in all of them. Nobody who is alive and can be reached
 * is declared dead. Incarnations only grow, and nobody but the member itself raises them.
 */
import type { Checker, Report } from '../checker.ts';

interface Seen {
  readonly incarnation: number;
  readonly isGone: boolean;
  readonly atMs: number;
}

/** Who is gone is forgotten after a minute by the clock of whoever saw it go: what comes later may be older. */
const FORGOTTEN_MS = 50_000;

const nodeOf = (life: string): string => life.split('#', 1)[0] as string;

export function membershipChecker(report: Report): Checker {
  const living = new Set<string>();
  const seen = new Map<string, Seen>();
  /** The highest that each member has said of itself. */
  const own = new Map<string, number>();
  let isCalm = false;
  const isAlive = (node: string): boolean => [...living].some((life) => nodeOf(life) === node);
  return {
    name: 'membership',
    hear: (fact, nowMs) => {
      switch (fact.kind) {
        case 'node began':
          return void living.add(fact.node);
        case 'node ended':
          return void living.delete(fact.node);
        case 'phase':
          isCalm = fact.phase === 'calm' || fact.phase === 'failing';
          return;
        case 'view': {
          const right = [...living].map((life) => `${nodeOf(life)} alive`).sort();
          if (fact.members === right.join(', ')) return;
          return report('membership', `${fact.by} sees ${fact.members}, not ${right.join(', ')}`);
        }
        case 'member seen': {
          const { by, node, status, incarnation } = fact;
          const isGone = status === 'dead' || status === 'left';
          const pair = `${by} ${node}`;
          const before = seen.get(pair);
          seen.set(pair, { incarnation, isGone, atMs: nowMs });
          const isKnown = before && !(before.isGone && nowMs - before.atMs > FORGOTTEN_MS);
          if (isKnown && incarnation < before.incarnation)
            report('membership', `${by}: ${node} went back to incarnation ${incarnation}`);
          const highest = own.get(node) ?? -1;
          if (nodeOf(by) === node) own.set(node, Math.max(highest, incarnation));
          else if (incarnation > highest)
            report('membership', `${by}: ${node} never had incarnation ${incarnation}`);
          if (isCalm && isGone && isAlive(node))
            report('membership', `${by}: ${node} is ${status}, and alive`);
        }
      }
    },
    finish: () => undefined,
  };
}
