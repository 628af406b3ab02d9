/** The bugs in membership and ownership that are planted, for the profile `cluster`. */
import type { Mutant } from './mutant.ts';

const BUGS: readonly Omit<Mutant, 'profile'>[] = [
  {
    name: 'fencing: lower tokens are admitted',
    file: 'cluster/ownership/fence.ts',
    from: 'token.revision > highest.revision ||',
    to: 'token.revision !== highest.revision ||',
  },
  {
    name: 'fencing: another token with the same revision is admitted',
    file: 'cluster/ownership/fence.ts',
    from: 'token.revision > highest.revision ||',
    to: 'token.revision >= highest.revision ||',
  },
  {
    name: 'lease expiry: the holder acts for as long as nobody told it to stop',
    file: 'cluster/ownership/lease.ts',
    from: 'return this.remainingMs() > 0;',
    to: "return this.#phase !== 'over';",
  },
  {
    name: 'lease expiry: a renewal that got no answer counts',
    file: 'cluster/ownership/lease.ts',
    from: "if (written.error.code !== 'JOURNAL_CONFLICT') return this.#retry();",
    to: "if (written.error.code !== 'JOURNAL_CONFLICT') return this.#renewed(sentAtMs, this.#revision);",
  },
  {
    name: 'lease expiry: others take over early',
    file: 'cluster/ownership/lease-terms.ts',
    from: 'ttlMs * (1 + driftRatio);',
    to: 'ttlMs * 0.5;',
  },
  {
    name: 'lease expiry: a lease counts as seen when the watch began',
    file: 'cluster/ownership/lease-watch.ts',
    from: 'record: readRecord(value, terms), revision, atMs: nowMs }',
    to: 'record: readRecord(value, terms), revision, atMs: this.#caughtUpAtMs ?? nowMs }',
  },
  {
    name: 'leases are taken without a compare-and-set',
    file: 'cluster/ownership/lease.ts',
    from: ': state.update(key, value, over));',
    to: ': state.put(key, value));',
  },
  {
    name: 'a lease that has run out is given back by its revision',
    file: 'cluster/ownership/lease.ts',
    from: 'const isOurs = this.isHeld();',
    to: 'const isOurs = true;',
  },
  {
    name: 'what a forgetful state said before its crash is believed',
    file: 'cluster/ownership/lease-watch.ts',
    from: 'if (terms.isStateForgetful) this.#seen.clear();',
    to: '',
  },
  {
    name: 'a key that is free when the watch begins is taken at once',
    file: 'cluster/ownership/lease-watch.ts',
    from: '(terms.isStateForgetful ? takeOverMs(terms.ttlMs, terms) : 0)',
    to: '0',
  },
  {
    name: 'who took a lease acts before the watch has shown it',
    file: 'cluster/ownership/activation.ts',
    from: 'return isShown && this.#world.round() === round;',
    to: 'return true;',
  },
  {
    name: 'stale directory: keys that were given back stay',
    file: 'cluster/ownership/lease-watch.ts',
    from: 'this.#seen.delete(change.key);',
    to: '',
  },
  {
    name: 'stale directory: a watch that was lost is believed',
    file: 'cluster/ownership/lease-watch.ts',
    from: 'this.#caughtUpAtMs = undefined;\n        this.#round++;',
    to: '',
  },
  {
    name: 'stale directory: what is not told again stays',
    file: 'cluster/ownership/lease-watch.ts',
    from: 'if (!this.#told.has(key)) this.#seen.delete(key);',
    to: ';',
  },
  {
    name: 'stale directory: a client keeps a route that led nowhere',
    file: 'chaos/key-client.ts',
    from: '      this.#routes.delete(key);\n',
    to: '',
  },
  {
    name: 'hand-over: a key is given back before its copy has ended',
    file: 'cluster/ownership/activation.ts',
    from: 'await deactivate().catch(',
    to: 'void deactivate().catch(',
  },
  {
    name: 'hand-over: a key stays with whom nobody prefers',
    file: 'cluster/ownership/activation.ts',
    from: 'this.#end(`${preferred} is to have it`);',
    to: '',
  },
  {
    name: 'hand-over: nodes prefer different owners',
    file: 'cluster/ownership/placement.ts',
    from: '.map((candidate) => ({ candidate, score: score(key, candidate) }))',
    to: '.map((candidate, at) => ({ candidate, score: score(`${key}${at}`, candidate) }))',
  },
  {
    name: 'refutation: a member that is suspected says nothing',
    file: 'cluster/membership/membership.ts',
    from: 'this.#raise(claim.incarnation, this.#own.facts);',
    to: '',
  },
  {
    name: 'refutation: the incarnation is not raised',
    file: 'cluster/membership/membership.ts',
    from: 'Math.max(above, this.#own.incarnation) + 1;',
    to: 'Math.max(above, this.#own.incarnation);',
  },
  {
    name: 'older reports count',
    file: 'cluster/membership/member.ts',
    from: 'return report.incarnation > known.incarnation;',
    to: 'return true;',
  },
  {
    name: 'a suspicion never ends',
    file: 'cluster/membership/suspicion.ts',
    from: 'return this.#startMs + suspicionMs(this.#limits, this.#voices.size - 1);',
    to: 'return Number.POSITIVE_INFINITY;',
  },
  {
    name: 'the dead are never suspected',
    file: 'cluster/membership/membership.ts',
    from: 'if (!known || isGone(known.report)) return;\n    const { incarnation',
    to: "if (known?.report.status !== 'suspect') return;\n    const { incarnation",
  },
  {
    name: 'who was declared dead is not told so when it says hello',
    file: 'cluster/membership/membership.ts',
    from: "return this.#greeting.isMourner(count) ? 'meet' : 'none';",
    to: "return 'none';",
  },
];

export const CLUSTER: readonly Mutant[] = BUGS.map((bug) => ({ ...bug, profile: 'cluster' }));
