import { describe, expect, it } from 'vitest';
import type { SkillManifest } from '../../../src/contracts/index.ts';
import { loadBuiltIns, nearest, packageOf, SkillCatalog } from '../../../src/skills/index.ts';

const manifest = (version: string): SkillManifest => ({
  name: 'price',
  version,
  description: 'x',
  input: true,
  output: true,
});
const holding = (...versions: readonly string[]): SkillCatalog => {
  const catalog = new SkillCatalog();
  for (const version of versions)
    catalog.add(packageOf(manifest(version), 'export default () => 1'));
  return catalog;
};

describe('the catalog', () => {
  it.each([
    ['price', '2.0.0'],
    ['price@^1', '1.10.0'],
    ['price@~1.2', '1.2.5'],
    ['price@1.2.0', '1.2.0'],
  ])('finds for %s the highest version that fits, %s', (wanted, version) => {
    const found = holding('1.2.0', '1.10.0', '2.0.0', '1.2.5').find(wanted);
    expect(found).toMatchObject({ ok: true, value: { manifest: { version } } });
  });

  it.each(['price@^3', 'price@nonsense', 'prise', '', '@1'])(
    'does not find %j, and says what is near',
    (wanted) => {
      expect(holding('1.0.0').find(wanted)).toMatchObject({
        ok: false,
        error: { code: 'SKILL_NOT_FOUND' },
      });
    },
  );

  it('refuses other content under a version that it holds', () => {
    const catalog = holding('1.0.0');
    expect(catalog.add(packageOf(manifest('1.0.0'), 'export default () => 2'))).toMatchObject({
      ok: false,
    });
    expect(catalog.add(packageOf(manifest('1.0.0'), 'export default () => 1'))).toMatchObject({
      ok: true,
    });
  });

  it('holds the built-in skills, each with a hash of its content', async () => {
    const skills = await loadBuiltIns();
    expect(
      skills.every((skill) => skill.ok && /^[0-9a-f]{64}$/.test(skill.value.contentHash)),
    ).toBe(true);
    expect(skills).toHaveLength(3);
  });
});

it('the nearest word is a near one, or none', () => {
  expect(nearest('hlelo', ['hello', 'http_call'])).toBe('hello');
  expect(nearest('zzzzzz', ['hello', 'http_call'])).toBeUndefined();
});
