import { describe, expect, it } from 'vitest';
import { checkPolicies } from '../../../../src/sandbox/policy/policy-file.ts';

const check = (text: string) => checkPolicies(text, '/etc/skein/policy.cedar');

describe('a policy file', () => {
  it('gives each policy its @id, else its place, with effect, risk and line', () => {
    const policies = Array.from(
      { length: 12 },
      (_, at) => `permit (principal, action, resource == Host::"h${at}:1");`,
    );
    const { source, problems } = check(`// é\n@id("first") @risk("high")\n${policies.join('\n')}`);
    expect(problems).toEqual([]);
    expect(source?.policies[0]).toMatchObject({
      id: 'first',
      risk: 'high',
      effect: 'permit',
      line: 2,
    });
    expect(source?.policies.slice(1).map(({ id }) => id)).toEqual(
      Array.from({ length: 11 }, (_, at) => `policy.cedar:${at + 4}`),
    );
  });

  it.each([
    [
      'no Cedar',
      'permit (principal, action, resource) when { foo bar };',
      1,
      49,
      /unexpected token `bar`/,
    ],
    [
      'no Cedar after letters of two bytes',
      '// éé\n\npermit (principal, action, resource) when { é };',
      3,
      45,
      /é|token/,
    ],
    [
      'a fact that the action does not have',
      '\npermit (principal, action == Action::"http.request", resource) when { context.verb == "GET" };',
      2,
      71,
      /`verb` in context/,
    ],
    [
      'an action that does not exist',
      'permit (principal, action == Action::"fs.format", resource);',
      1,
      30,
      /fs\.format/,
    ],
    [
      'a risk that does not exist',
      'permit (principal, action, resource);\n@risk("huge") permit (principal, action, resource == Host::"a:1");',
      2,
      1,
      /low, medium, high/,
    ],
    [
      'a risk of a forbid',
      '@risk("high") forbid (principal, action, resource);',
      1,
      1,
      /for permits/,
    ],
    [
      'an annotation that means nothing',
      '@rsik("high") permit (principal, action, resource == Host::"a:1");',
      1,
      1,
      /@rsik means nothing/,
    ],
    [
      'a name of the node',
      '@id("grants.kv") permit (principal, action, resource == Host::"a:1");',
      1,
      1,
      /names of the node itself/,
    ],
    [
      'a name that is taken',
      '@id("a") forbid (principal, action, resource);\n@id("a") forbid (principal, action, resource == Host::"a:1");',
      2,
      1,
      /a second policy a/,
    ],
    ['a template', 'permit (principal == ?principal, action, resource);', 1, 1, /template/],
    ['more than its limit', `//${'x'.repeat(300_000)}`, 1, 1, /more than 262144 bytes/],
  ])('is refused with line and column: %s', (_what, text, line, column, message) => {
    const { source, problems } = check(text);
    expect(source).toBeUndefined();
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors[0]).toMatchObject({ line, column });
    expect(errors[0]?.message).toMatch(message);
  });

  it('warns of what can only be a slip, and takes it', () => {
    const { source, problems } = check('@id("open") permit (principal, action, resource);');
    expect(source?.policies).toHaveLength(1);
    expect(problems).toEqual([
      {
        severity: 'warning',
        line: 1,
        column: 1,
        message: 'it permits everything to everybody',
        policy: 'open',
      },
    ]);
  });

  it('is one set for one text: the hash is over names, texts and risks', () => {
    const text = 'permit (principal, action in Action::"kv", resource);';
    expect(check(text).source?.hash).toBe(check(text).source?.hash);
    expect(check(`@risk("high") ${text}`).source?.hash).not.toBe(check(text).source?.hash);
  });
});
