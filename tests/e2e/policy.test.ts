/** The commands of whoever answers for what skills may do, on a data directory where no node runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dataDir, skein } from '../support/skein-command.ts';

const data = dataDir();
const file = join(data.path, 'policy.cedar');
const run = (...args: readonly string[]) => skein(args, data.path);
afterAll(data.remove);

it('checks a policy with line and column, explains what it denies, and shows the denial in the audit log', async () => {
  writeFileSync(file, 'permit (principal, action, resource)\n  when { context.verb == "GET" };');
  const broken = await run('policy', 'check', file);
  expect({ code: broken.code, out: broken.stdout }).toMatchObject({
    code: 2,
    out: expect.stringMatching(/policy\.cedar:2:10: error: attribute `verb` in context/),
  });
  writeFileSync(
    file,
    '@id("web") permit (principal, action, resource);\n@id("freeze") forbid (principal, action in Action::"effect", resource);',
  );
  expect((await run('policy', 'check', file)).code).toBe(0);

  const input = JSON.stringify({ url: 'https://api.example.com/' });
  const ran = await run('run', 'http_call', '--input', input, '--json');
  const { error } = JSON.parse(ran.stdout);
  expect(error).toMatchObject({ code: 'POLICY_DENIED', details: { reason: 'freeze forbids it' } });
  const { decision } = error.details;
  const explained = await run('policy', 'explain', decision);
  expect(explained.code).toBe(1);
  expect(explained.stdout).toContain(`forbids  freeze  ${file}:2`);
  expect(explained.stdout).toContain('permits  web');
  const audit = await run('audit', '--denied');
  expect(audit.stdout).toMatch(
    new RegExp(`${decision}  POLICY_DENIED  http_call@.* on Host api\\.example\\.com by freeze`),
  );
}, 120_000);
