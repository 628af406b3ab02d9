/** A key is given back when its copy has ended, not before; and a copy that has not ended bars the next on the same node. */
import type { Checker, Report } from '../checker.ts';

interface Active {
  readonly copy: string;
  readonly key: string;
  readonly nonce: string;
}

const lifeOf = (copy: string): string => copy.split('/', 1)[0] as string;

export function handOverChecker(report: Report): Checker {
  const active = new Map<string, Active>();
  return {
    name: 'hand-over',
    hear: (fact) => {
      switch (fact.kind) {
        case 'copy began': {
          const { copy, key, nonce } = fact;
          for (const other of active.values()) {
            if (other.key === key && lifeOf(other.copy) === lifeOf(copy))
              report('hand-over', `${copy} of ${key} began before ${other.copy} had ended`);
          }
          return void active.set(copy, { copy, key, nonce });
        }
        case 'copy ended':
          return void active.delete(fact.copy);
        case 'node ended':
          for (const copy of active.keys()) if (lifeOf(copy) === fact.node) active.delete(copy);
          return;
        case 'given back':
          for (const { copy, key, nonce } of active.values()) {
            if (key === fact.key && nonce === fact.nonce)
              report('hand-over', `${key} was given back before ${copy} had ended`);
          }
      }
    },
    finish: () => undefined,
  };
}
