/** Endless work: whatever keeps the processor busy ends at the CPU limit, wherever it hides, and is named as such. */
import { describe } from 'vitest';
import { type Attack, sandboxWorld, testAttacks } from '../support/sandbox.ts';

const endless = (name: string, source: string, module = false): Attack => ({
  name,
  source,
  module,
  verdicts: ['terminated'],
  codes: ['SKILL_CPU_EXCEEDED'],
});

describe('the CPU limit ends', () => {
  testAttacks(sandboxWorld(), [
    endless('a loop in the handler', 'let n = 0; do { n++ } while (true);'),
    endless(
      'a loop at the top level of the module',
      'while (true);\nexport default () => 1;',
      true,
    ),
    endless(
      'a loop of awaits at the top level',
      'for (;;) await 0;\nexport default () => 1;',
      true,
    ),
    endless(
      'a loop in a static field',
      'class A { static x = (() => { for (;;); })(); }\nexport default () => A.x;',
      true,
    ),
    endless('a loop in finally', 'try { for (;;); } finally { for (;;); }'),
    endless('a loop that swallows what interrupts it', 'for (;;) try { for (;;); } catch {}'),
    endless('a getter of an operator', 'return 1 + { valueOf() { for (;;); } };'),
    endless(
      'a proxy trap that the copy of the result meets',
      'return new Proxy({}, { ownKeys() { for (;;); } });',
    ),
    endless(
      'a promise chain that renews itself after the answer',
      'const next = () => Promise.resolve().then(next); next(); return 1;',
    ),
    endless(
      'an async function that calls itself',
      'const f = async () => { await 1; return f(); }; return f();',
    ),
    endless(
      'a thenable that resolves to itself',
      'const t = { then(done) { done(t); } }; await t;',
    ),
    endless(
      'an async iterator without end',
      'for await (const _ of (async function* () { for (;;) yield; })());',
    ),
    endless(
      'a regular expression that backtracks for ever',
      "return /^(\\w+\\s?)*$/.test('word '.repeat(30) + '!');",
    ),
    endless(
      'a stack trace formatter that never returns',
      'Error.prepareStackTrace = () => { for (;;); }; throw new Error();',
    ),
  ]);
});
