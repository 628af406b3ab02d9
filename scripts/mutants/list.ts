/** The bugs that are planted: each one line, each of a kind that people really write. */
import { CLUSTER } from './cluster.ts';
import { DELEGATION } from './delegation.ts';
import type { Mutant } from './mutant.ts';
import { VIRTUAL } from './virtual.ts';

const ACTORS: readonly Mutant[] = [
  {
    name: 'a repeated packet is taken again',
    file: 'transport/arrivals.ts',
    from: "if (seq < expected) return 'repeated';",
    to: '',
  },
  {
    name: 'a packet that came too early is taken at once',
    file: 'transport/arrivals.ts',
    from: 'if (seq > expected) {',
    to: 'if (seq > expected + 3) {',
  },
  {
    name: 'what is not acknowledged is not sent again',
    file: 'transport/session.ts',
    from: 'if (sent.sentMs > 0) sent.repeatedMs = nowMs;',
    to: 'if (sent.sentMs > 0) return;',
  },
  {
    name: 'what a packet has waited is forgotten',
    file: 'transport/arrivals.ts',
    from: 'const ageMs = ageOf(packet) + nowMs - atMs;',
    to: 'const ageMs = 0;',
  },
  {
    name: 'numbers of asks come again too soon',
    file: 'kernel/ask.ts',
    from: 'ask.id = ++this.#lastId;',
    to: 'ask.id = 1 + (++this.#lastId % 4);',
  },
  {
    name: 'a message for an earlier incarnation is delivered to the next',
    file: 'kernel/actor-system.ts',
    from: 'if (!cell || (ref.incarnation !== 0 && cell.ref.incarnation !== ref.incarnation))',
    to: 'if (!cell)',
  },
  {
    name: 'watchers are not told of an end',
    file: 'kernel/cell.ts',
    from: "this.system.signal(watcher, { kind: 'terminated', ref: this.ref, reason: this.#exit });\n    }\n    const exit",
    to: '}\n    const exit',
  },
  {
    name: 'a watch that comes after the end is forgotten',
    file: 'kernel/actor-system.ts',
    from: "if (signal.kind !== 'watch') return;\n    const reason: ExitReason",
    to: "if (signal.kind === 'watch') return;\n    const reason: ExitReason",
  },
  {
    name: 'a dead letter is not recorded',
    file: 'kernel/actor-system.ts',
    from: 'const letter = this.deadLetters.record(envelope, error, this.clock.wallMs());',
    to: "if (error.code === 'STALE_INCARNATION') return;\n    const letter = this.deadLetters.record(envelope, error, this.clock.wallMs());",
  },
  {
    name: 'the mailbox of an actor that stops is thrown away',
    file: 'kernel/cell.ts',
    from: 'for (const envelope of [...stashed, ...this.mailbox.drain()]) {',
    to: 'for (const envelope of stashed) {',
  },
  {
    name: 'the deadline is not looked at after the mailbox',
    file: 'kernel/cell.ts',
    from: 'if (deadlineMs !== NO_DEADLINE && isExpired(this, envelope, deadlineMs)) return;',
    to: '',
  },
  {
    name: 'an actor is not woken after a turn that awaited',
    file: 'kernel/cell.ts',
    from: '    finish();\n    this.wake();',
    to: '    finish();',
  },
  {
    name: 'the main thread does not hear of a lost thread',
    file: 'supervisor/thread-group.ts',
    from: 'this.#system?.threadLost(name, reason, text);',
    to: '',
  },
  {
    name: 'an actor whose thread came back is not started again',
    file: 'kernel/actor-system.ts',
    from: 'this.#remote.spawn(parent.ref, child.ref, child.origin);\n    });',
    to: '});',
  },
  {
    name: 'an ask whose message was refused is said to be not delivered after it may have run',
    file: 'kernel/ask.ts',
    from: 'this.asks.finish(this, unknown(error));',
    to: 'this.asks.finish(this, notDelivered(error));',
  },
  {
    name: 'one restart too many is allowed in the window',
    file: 'supervisor/restart-intensity.ts',
    from: 'return recent.length < limit.maxRestarts',
    to: 'return recent.length <= limit.maxRestarts',
  },
  {
    name: 'rest-for-one leaves out the one that failed',
    file: 'supervisor/strategy.ts',
    from: 'namesInStartOrder.slice(namesInStartOrder.indexOf(failed));',
    to: 'namesInStartOrder.slice(namesInStartOrder.indexOf(failed) + 1);',
  },
  {
    name: 'a supervisor that waits for its own verdict goes on judging',
    file: 'kernel/cell.ts',
    from: "if (this.lifecycle === 'suspended') return this.#children?.hold(exit);",
    to: '',
  },
  {
    name: 'numbers of a transaction that failed are not given again',
    file: 'journal/chain-writer.ts',
    from: '    rollback: () => {\n      count = head.count;',
    to: '    rollback: () => {',
  },
  {
    name: 'a torn tail is trusted',
    file: 'journal/judgement.ts',
    from: 'damage = uncoveredEvents(reached, headRow) ?? damage;',
    to: '',
  },
  {
    name: 'a run goes on writing after an event was refused',
    file: 'runtime/execute.ts',
    from: '[{ type, body: bounded(body) }];\n      const expectedStreamSequence = appends.length;\n      appends.push(journal.append(`run/${runId}`, recorded, { expectedStreamSequence }));',
    to: '[{ type, body: bounded(body) }];\n      appends.push(journal.append(`run/${runId}`, recorded));',
  },
  {
    name: 'a run is done before its events are kept',
    file: 'runtime/execute.ts',
    from: 'const lost = await recorder.settled();',
    to: 'const lost = undefined as SkeinError | undefined;',
  },
  {
    name: 'what may be done once is tried again',
    file: 'actors/run-call.ts',
    from: 'error.retryable && attempt < retry.attempts && !isOnce(call.skill)',
    to: 'error.retryable && attempt < retry.attempts',
  },
  {
    name: 'a replay asks the world instead of the tape',
    file: 'sandbox/hosted-run.ts',
    from: 'if (this.#player) this.#replay(this.#player, frame);\n    else void this.#serve(frame);',
    to: 'void this.#serve(frame);',
  },
  {
    name: 'a host that ran into a limit is leased again',
    file: 'sandbox/hosted-run.ts',
    from: "if (ending.kind === 'limit') this.#ports.endHost({ kind: ending.limit });",
    to: '',
  },
  {
    name: 'what was put aside comes back in reverse order',
    file: 'kernel/stash.ts',
    from: 'const envelopes = this.#envelopes;',
    to: 'const envelopes = this.#envelopes.reverse();',
  },
  {
    name: 'what is missing behind a torn tail hides it',
    file: 'journal/judgement.ts',
    from: 'damage = uncoveredEvents(reached, headRow) ?? damage;',
    to: 'damage ??= uncoveredEvents(reached, headRow);',
  },
  {
    name: 'a child that failed while it was restarted is judged once more',
    file: 'kernel/actor-context.ts',
    from: "signal.kind === 'child-failed' && signal.exit.child.incarnation === ref.incarnation",
    to: "signal.kind === 'watch' && signal.watcher.incarnation === -1",
  },
  {
    name: 'both ends begin a session of their own',
    file: 'transport/peer-sessions.ts',
    from: 'const entry = this.#takeCandidate(keyOf(peer)) ?? this.#newEntry(peer);',
    to: 'const entry = this.#newEntry(peer);',
  },
];

export const MUTANTS: readonly Mutant[] = [...ACTORS, ...CLUSTER, ...DELEGATION, ...VIRTUAL];
