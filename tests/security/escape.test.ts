/** Ways out of the realm: constructors, handles, imports, frames. Each ends in a world without a host. */
import { describe, expect, test } from 'vitest';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

const within = (name: string, source: string, module = false): Attack => ({
  name,
  source,
  module,
  verdicts: ['denied', 'contained', 'harmless'],
});
const refused = (name: string, source: string): Attack => ({
  name,
  source,
  module: true,
  verdicts: ['denied'],
  codes: ['SKILL_REFUSED'],
});
/** Guest code that walks everything reachable from `roots` and returns what `test` finds wrong. */
const walk = (
  check: string,
) => `const seen = new Set(), todo = [ctx, globalThis, input, console], hits = [];
  while (todo.length && seen.size < 50_000) {
    const v = todo.pop();
    if (v === null || (typeof v !== 'object' && typeof v !== 'function') || seen.has(v)) continue;
    seen.add(v);
    ${check}
    for (const k of Reflect.ownKeys(v)) try { todo.push(v[k]); } catch {}
    todo.push(Object.getPrototypeOf(v));
  }
  return hits.length ? 'ESCAPE!: ' + hits : 'clean';`;

describe('there is no way out through', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    within(
      'the constructor of anything reachable',
      walk(
        "try { if (v.constructor.constructor('return typeof process')() === 'object') hits.push(1); } catch {}",
      ),
    ),
    within(
      'a handle of the isolate library',
      walk(
        "for (const m of ['applySync', 'applyIgnored', 'derefInto', 'copySync', 'evalSync', 'setSync']) try { if (typeof v[m] === 'function') hits.push(m); } catch {}",
      ),
    ),
    within(
      'a name of the host in the global scope',
      "return ['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'setTimeout', 'queueMicrotask', 'performance', 'navigator'].filter((n) => n in globalThis).map((n) => 'ESCAPE!: ' + n);",
    ),
    within(
      'the scope of the prelude',
      "const names = Function('return Object.getOwnPropertyNames(globalThis)')(); return names.filter((n) => /post|config|prelude|skein|\\$0/.test(n)).map((n) => 'ESCAPE!: ' + n);",
    ),
    within(
      'the caller of a sloppy function',
      'globalThis.f = Function("const out = []; for (let c = f.caller; c; c = c.caller) out.push(String(c)); return out.join()"); return /settle|pending/.test(f()) ? "ESCAPE!" : "clean";',
    ),
    within(
      'the frames of a stack trace',
      "let seen = []; Error.prepareStackTrace = (_, frames) => { seen = frames; return ''; }; new Error().stack; return seen.some((f) => f.getThis() || f.getFunction()) ? 'ESCAPE!' : 'clean';",
    ),
    within(
      'an error that a host call threw',
      "try { await ctx.http.request(null); } catch (e) { for (let o = e; o; o = Object.getPrototypeOf(o)) if (o.constructor.constructor('return typeof process')() === 'object') return 'ESCAPE!'; } return 'clean';",
    ),
    within(
      'a host call on a proxy',
      "const spy = new Proxy(() => {}, { get: (_, k, r) => { if (r?.constructor?.constructor?.('return typeof process')() === 'object') globalThis.out = 1; return spy; }, ownKeys: () => ['prototype'] }); await ctx.kv.get(spy).catch(() => {}); return globalThis.out ? 'ESCAPE!' : 'clean';",
    ),
    within(
      'a dynamic import',
      "for (const s of ['node:fs', 'fs', './x.js', 'skill', 'data:text/javascript,export{}']) try { await import(s); return 'ESCAPE!: ' + s; } catch (e) { if (!(e instanceof Error) && e.constructor.constructor('return typeof process')() === 'object') return 'ESCAPE!'; } return 'denied';",
    ),
    within(
      'import.meta',
      'const keys = Reflect.ownKeys(import.meta); export default () => keys.length === 0 && Object.getPrototypeOf(import.meta) === null ? "clean" : "ESCAPE!";',
      true,
    ),
    refused('a static import', "import fs from 'node:fs';\nexport default () => 'ESCAPE!';"),
    refused('a re-export', "export * from 'node:child_process';\nexport default () => 'ESCAPE!';"),
    refused('an import of itself', "import x from 'skill';\nexport default () => 'ESCAPE!';"),
    refused('text that is no module', 'export default async () => { return 1; })();'),
    refused('a module without a handler', 'export const handler = () => 1;'),
    refused('a handler that is no function', 'export default { handler() {} };'),
  ]);

  test('refuses a source over its size', async () => {
    const report = await world.attack(`${handlerOf('return 1;')}//${'x'.repeat(5 * 1024 * 1024)}`);
    expect(report.result).toMatchObject({ error: { code: 'SKILL_REFUSED' } });
  });

  test('takes line and paragraph separators for what they are', async () => {
    const report = await world.attack(
      handlerOf('const a = 1;\u2028const b = 2;\u2029return a + b;'),
    );
    expect(report.result).toEqual({ ok: true, value: 3 });
  });
});
