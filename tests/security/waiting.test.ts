/** Waiting: a run that can never settle is told from a slow one, and neither waits longer than its limit. */
import { describe, expect, test } from 'vitest';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

const never = (name: string, source: string, module = false): Attack => ({
  name,
  source,
  module,
  verdicts: ['terminated'],
  codes: ['SKILL_NEVER_SETTLED'],
});

describe('a run that waits', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    never('for a promise that nobody resolves', 'await new Promise(() => {});'),
    never('through a thenable that never calls back', 'return { then() {} };'),
    never('at its top level', 'await new Promise(() => {});\nexport default () => 1;', true),
    never(
      'at its top level behind a hoisted handler',
      'export default function h() {}\nawait new Promise(() => {});',
      true,
    ),
    never(
      'after a host call was answered',
      "await ctx.kv.get('k').catch(() => {}); await new Promise(() => {});",
    ),
    {
      name: 'has no timers to arm',
      source:
        "return typeof setTimeout + typeof setInterval === 'undefinedundefined' ? 'absent' : 'ESCAPE!';",
      verdicts: ['denied'],
    },
    {
      name: 'stops at no debugger statement',
      source: 'debugger; return 1;',
      verdicts: ['harmless'],
    },
  ]);

  test('for a host call that hangs ends at the wall limit, and the call is given up', async () => {
    let signal: AbortSignal | undefined;
    const report = await world.attack(
      handlerOf("await ctx.http.request({ url: 'http://a.test/' });"),
      {
        resources: { wallMs: 300 },
        grants: { http: { hosts: ['a.test'], methods: ['GET'] } },
        effects: {
          http: {
            resolve: async () => ['93.184.215.14'],
            send: (request) => {
              signal = request.signal;
              return new Promise(() => {});
            },
          },
        },
      },
    );
    expect(report.result).toMatchObject({ ok: false, error: { code: 'SKILL_WALL_EXCEEDED' } });
    expect(signal?.aborted).toBe(true);
    expect(report.tape.effects).toEqual([
      { seq: 1, name: 'http.request', args: [{ url: 'http://a.test/' }] },
    ]);
  });

  test('does not go on after its answer: late calls are never served', async () => {
    const served: string[] = [];
    const report = await world.attack(
      handlerOf(`(async () => { for (let i = 0; i < 100; i++) await null;
        ctx.kv.set('late', 1).catch(() => {}); try { ctx.log.info('late'); } catch {} })();
        return 'early';`),
      {
        grants: { kv: true, log: true },
        onHostCall: ({ name }) => void served.push(name),
        effects: { log: ({ message }) => void served.push(message) },
      },
    );
    expect(report.result).toEqual({ ok: true, value: 'early' });
    expect(served).toEqual([]);
  });
});
