/**
 * One owner a key at every moment, pauses and clocks of different rates included; tokens grow for as long as the state keeps what it
 * acknowledged. Nobody acts for a key for longer than its lease was last written for, and the resource behind the key admits no token
 * lower than the highest. When all is whole every key has an owner, and in the end the one to whom it belongs.
 */
import type { Checker, Report } from '../checker.ts';

interface Token {
  readonly revision: number;
  readonly nonce: string;
}

export function ownershipChecker(report: Report): Checker {
  const holders = new Map<string, readonly string[]>();
  const tokens = new Map<string, number>();
  const admitted = new Map<string, Token>();
  const admit = (copy: string, key: string, { revision, nonce }: Token): void => {
    const highest = admitted.get(key);
    const isLower = highest && revision < highest.revision;
    const isOther = revision === highest?.revision && nonce !== highest.nonce;
    if (isLower || isOther)
      report('fence', `${copy} gets in with ${revision} after ${highest?.revision} of ${key}`);
    else admitted.set(key, { revision, nonce });
  };
  const endsAtMs = new Map<string, number>();
  const act = (copy: string, nonce: string, sentAtMs: number): void => {
    const lateMs = sentAtMs - (endsAtMs.get(nonce) ?? 0);
    if (lateMs > 0)
      report('lease', `${copy} acts ${Math.ceil(lateMs)} ms after its lease has ended`);
  };
  return {
    name: 'ownership',
    hear: (fact, nowMs) => {
      switch (fact.kind) {
        case 'held':
          holders.set(fact.key, fact.copies);
          if (fact.copies.length > 1)
            report('one owner', `${fact.key} is held by ${fact.copies.join(' and ')}`);
          return;
        case 'state lost writes':
          return tokens.clear();
        case 'copy began': {
          const last = tokens.get(fact.key);
          if (last !== undefined && fact.revision <= last)
            report(
              'one owner',
              `${fact.copy} has token ${fact.revision} of ${fact.key}, as ${last}`,
            );
          return void tokens.set(fact.key, fact.revision);
        }
        case 'lease written':
          return void endsAtMs.set(fact.nonce, nowMs + fact.ttlMs);
        case 'resource read':
          return admit(fact.copy, fact.key, fact);
        case 'write refused':
          return act(fact.copy, fact.nonce, fact.sentAtMs);
        case 'write admitted':
          act(fact.copy, fact.nonce, fact.sentAtMs);
          return admit(fact.copy, fact.key, fact);
        case 'owner due': {
          const { key, node } = fact;
          const [copy] = holders.get(key) ?? [];
          if (copy === undefined) report('owned again', `${key} has no owner`);
          else if (node !== undefined && !copy.startsWith(`${node}#`))
            report('placement', `${key} is held by ${copy}, and belongs to ${node}`);
        }
      }
    },
    finish: () => undefined,
  };
}
