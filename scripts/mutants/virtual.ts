/** The bugs in virtual actors that are planted, for the profile `cluster`. */
import type { Mutant } from './mutant.ts';

const BUGS: readonly Omit<Mutant, 'profile'>[] = [
  {
    name: 'virtual actors: a change is acknowledged before it is written',
    file: 'cluster/virtual/live-actor.ts',
    from: 'const written = await store.write({ state: image.value.state, reminders });\n    if (!written.ok) return this.#notWritten(written);',
    to: 'const written = success(undefined);\n    void store.write({ state: image.value.state, reminders });',
  },
  {
    name: 'virtual actors: a stale route is not looked up again',
    file: 'cluster/virtual/router.ts',
    from: 'if (tries >= TRIES_MAX ||',
    to: 'if (tries >= 1 ||',
  },
  {
    name: 'virtual actors: a message that may have been run is sent again',
    file: 'cluster/virtual/router.ts',
    from: "if (answer.kind === 'unknown') return unknown(answer.error);",
    to: "if (answer.kind === 'unknown') avoided.add(node);",
  },
  {
    name: 'virtual actors: the hand-over does not work off the mailbox',
    file: 'cluster/virtual/live-actor.ts',
    from: "{ kind: 'stop', mode: 'drain', reason }",
    to: "{ kind: 'stop', mode: 'now', reason }",
  },
  {
    name: 'virtual actors: passivation loses the state',
    file: 'cluster/virtual/live-actor.ts',
    from: 'const { state = definition.initial(key), reminders } = store.record;',
    to: 'const state = definition.initial(key);\n    const { reminders } = store.record;',
  },
  {
    name: 'virtual actors: a turn that failed is kept',
    file: 'cluster/virtual/live-actor.ts',
    from: 'turn.end();\n      this.#restore();',
    to: 'turn.end();',
  },
  {
    name: 'virtual actors: nobody cares for the reminders of an actor that is away',
    file: 'cluster/virtual/kind-host.ts',
    from: 'if (rank >= 0 && nowMs - atMs >= rank * patienceMs) this.#claim(key);',
    to: 'void rank;\n      void patienceMs;\n      void atMs;',
  },
  {
    name: 'hand-over: who closes in the middle of taking a key leaves its lease standing',
    file: 'cluster/ownership/activation.ts',
    from: 'if (this.#world.round() !== round) return resolve(false);',
    to: 'if (this.#isClosed || this.#world.round() !== round) return resolve(false);',
  },
];

export const VIRTUAL: readonly Mutant[] = BUGS.map((bug) => ({ ...bug, profile: 'cluster' }));
