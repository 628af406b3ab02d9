import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endBundler, packSkill } from '../../../src/authoring/index.ts';
import { ManifestSchema } from '../../../src/contracts/index.ts';
import { encodePackage, parsePackage } from '../../../src/skills/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { skillFolders } from '../../support/skill-folder.ts';

const folders = skillFolders();
afterAll(async () => {
  await endBundler();
  folders.remove();
});

const fields = {
  input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  output: { type: 'object', properties: { degrees: { type: 'number' } }, required: ['degrees'] },
  capabilities: { http: { hosts: ['weather.example.com'] } },
};
const files = {
  'index.ts': `import type { Handler } from './skill-types.d.ts';
import { degreesIn } from './src/reading.ts';
import { round } from 'tiny-round';
const weather: Handler = async ({ city }, ctx) => {
  const { body } = await ctx.http.request({ url: \`https://weather.example.com/\${city}\` });
  return { degrees: round(degreesIn(body)) };
};
export default weather;
`,
  'src/reading.ts':
    'export const degreesIn = (body: string): number => JSON.parse(body).degrees;\n',
  'node_modules/tiny-round/package.json':
    '{ "name": "tiny-round", "version": "2.1.0", "license": "MIT", "type": "module", "main": "index.js", "types": "index.d.ts" }',
  'node_modules/tiny-round/index.js': 'export const round = (value) => Math.round(value);\n',
  'node_modules/tiny-round/index.d.ts': 'export declare const round: (value: number) => number;\n',
};
const pack = async (folder: string) => valueIn(await packSkill(folder));
const refusal = async (source: string, more: object = {}) => {
  const packed = await packSkill(folders.make({ ...fields, ...more }, { 'index.ts': source }));
  if (packed.ok) throw new Error('it was packed');
  return packed.error;
};

describe('packing a folder', () => {
  it('gives one module without imports, with its types checked and its parts listed', async () => {
    const folder = folders.make(fields, files);
    const { signed, types } = await pack(folder);
    expect(types).toEqual({ kind: 'checked' });
    expect(signed.skill.source).not.toMatch(/\bimport\b/);
    expect(signed.skill.source).toContain('Math.round');
    expect(signed.sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      metadata: { component: { type: 'application', name: 'weather', version: '1.0.0' } },
      components: [
        {
          type: 'file',
          name: 'index.ts',
          hashes: [{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) }],
        },
        { type: 'file', name: 'src/reading.ts' },
        {
          type: 'library',
          name: 'tiny-round',
          version: '2.1.0',
          purl: 'pkg:npm/tiny-round@2.1.0',
          licenses: [{ expression: 'MIT' }],
        },
      ],
    });
    expect(readFileSync(join(folder, 'skill-types.d.ts'), 'utf8')).toContain('degrees: number;');
    expect(valueIn(parsePackage(Buffer.from(encodePackage(signed)).toString(), 'x'))).toEqual(
      signed,
    );
  });

  it('lists a package once that was bundled from two places', async () => {
    const nested = 'node_modules/other/node_modules/tiny-round';
    const again = Object.fromEntries(
      Object.entries(files)
        .filter(([path]) => path.startsWith('node_modules/tiny-round/'))
        .map(([path, text]) => [path.replace('node_modules/tiny-round', nested), text]),
    );
    const other = {
      'node_modules/other/package.json':
        '{ "name": "other", "version": "1.0.0", "main": "index.js" }',
      'node_modules/other/index.js': "export { round } from 'tiny-round';\n",
      'index.ts': `import { round } from 'tiny-round';
// @ts-expect-error it has no types
import { round as again } from 'other';
export default ({ city }: { city: string }) => ({ degrees: round(again(city.length)) });
`,
    };
    const { signed } = await pack(folders.make(fields, { ...files, ...again, ...other }));
    const refs = signed.sbom.components.map((each) => (each as Record<string, unknown>)['bom-ref']);
    expect(refs).toEqual(['file:index.ts', 'pkg:npm/other@1.0.0', 'pkg:npm/tiny-round@2.1.0']);
  });

  it('gives the same bytes again, in whatever folder', async () => {
    const [one, other] = [folders.make(fields, files), folders.make(fields, files)];
    const first = encodePackage((await pack(one)).signed);
    expect(encodePackage((await pack(one)).signed)).toEqual(first);
    expect(encodePackage((await pack(other)).signed)).toEqual(first);
  });

  it.each([
    'examples/skills/basket',
    'examples/skills/merge_counts',
    'examples/skills/word_count',
    'src/skills/hello',
    'src/skills/http_call',
    'src/skills/json_transform',
  ])('packs %s, whose types fit', async (path) => {
    const folder = join(folders.root, path);
    cpSync(path, folder, { recursive: true });
    expect((await pack(folder)).types).toEqual({ kind: 'checked' });
  });

  it('refuses a module of Node, with file and line', async () => {
    const error = await refusal(
      "import { readFileSync } from 'node:fs';\nexport default () => readFileSync('x');\n",
    );
    expect(error).toMatchObject({
      code: 'SKILL_BUILD_FAILED',
      details: { file: 'index.ts', line: 1 },
    });
    expect(error.message).toMatch(/^index\.ts:1:\d+: node:fs is a module of Node/);
  });

  it.each([
    [
      'an import that is nowhere',
      "import x from 'not-there';\nexport default () => x;\n",
      /not-there/,
    ],
    ['no default export', 'export const a = 1;\n', /no default export/],
    ['a fault of syntax', 'export default () => {\n', /^index\.ts:\d+:\d+: /],
    [
      'a part of Skein itself',
      "import { startNode } from 'skein';\nexport default () => startNode;\n",
      /not for skills/,
    ],
  ])('refuses %s', async (_what, source, message) => {
    expect((await refusal(source)).message).toMatch(message);
  });

  const typed = (body: string): string =>
    `import type { Handler } from './skill-types.d.ts';\nconst weather: Handler = async ({ city }, ctx) => {\n${body}\n};\nexport default weather;\n`;

  it.each([
    [
      'an output of another type',
      typed("return { degrees: 'warm' + city + ctx };"),
      2,
      /not assignable to type 'number'/,
    ],
    [
      'a field that the input lacks',
      typed('return { degrees: city.length, ...ctx.log, town: city.town };'),
      3,
      /town/,
    ],
    [
      'a capability that the manifest does not ask for',
      typed('await ctx.kv.get(city);\nreturn { degrees: 1 };'),
      3,
      /'kv' does not exist/,
    ],
    [
      'what only Node has',
      typed('await fetch(city);\nreturn { degrees: ctx ? 1 : 2 };'),
      3,
      /fetch/,
    ],
  ])('refuses %s, with file and line', async (_what, source, line, message) => {
    const error = await refusal(source);
    expect(error).toMatchObject({
      code: 'SKILL_BUILD_FAILED',
      details: { file: 'index.ts', line },
    });
    expect(error.message).toMatch(message);
  });

  it('types every capability that a manifest may ask for', async () => {
    const calls: Readonly<Record<string, readonly [asked: unknown, call: string]>> = {
      http: [{ hosts: ['a.example'] }, `ctx.http.request({ url: 'https://a.example' })`],
      fs: ['write', `ctx.fs.write('a', 'b')`],
      kv: [true, `ctx.kv.get('a')`],
      secret: [{ names: ['a'], reveal: true }, `ctx.secret.get('a')`],
      actor: [{ kinds: ['a'] }, `ctx.actor.tell('a', 'b', 'c')`],
      notify: [{ channels: ['a'] }, `ctx.notify.send({ channel: 'a', subject: 'b', text: 'c' })`],
      llm: [{ models: ['a'] }, 'ctx.llm.complete'],
      random: [true, 'ctx.random.bytes(1)'],
      clock: [true, 'ctx.clock.now()'],
      log: [true, `ctx.log.info('a')`],
    };
    const names = Object.keys(ManifestSchema.properties.capabilities.properties);
    expect(Object.keys(calls).toSorted()).toEqual(names.toSorted());
    const capabilities = Object.fromEntries(names.map((name) => [name, calls[name]?.[0]]));
    const lines = names.map((name) => `void ${calls[name]?.[1]};`).join('\n');
    const all = typed(`${lines}\nreturn { degrees: city.length };`);
    const { types } = await pack(folders.make({ ...fields, capabilities }, { 'index.ts': all }));
    expect(types).toEqual({ kind: 'checked' });
  });

  it('knows that who reads files writes none, and that who uses secrets in headers reads none', async () => {
    const capabilities = { fs: 'read', secret: { names: ['a'] } };
    const writes = await refusal(typed("await ctx.fs.write('a', city);\nreturn { degrees: 1 };"), {
      capabilities,
    });
    expect(writes.message).toMatch(/'write' does not exist/);
    const reads = await refusal(typed('await ctx.secret.get(city);\nreturn { degrees: 1 };'), {
      capabilities,
    });
    expect(reads.message).toMatch(/'secret' does not exist/);
  });

  it('refuses a function that does not fit the manifest though it fits its own types', async () => {
    const error = await refusal(
      'export default (input: { city: number }) => ({ degrees: input.city });\n',
    );
    expect(error.message).toMatch(/does not fit skill\.json: TS\d+/);
  });

  it('refuses a manifest with the line of what is wrong', async () => {
    expect(await refusal('export default () => 1;\n', { version: 'one' })).toMatchObject({
      code: 'MANIFEST_INVALID',
      details: { pointer: '/version', line: 3 },
    });
  });

  it('holds an exported actor to its messages and state', async () => {
    const message = { input: { type: 'integer' }, output: { type: 'integer' } };
    const state = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const more = { input: false, output: false, actor: { messages: { add: message }, state } };
    const actor = (body: string): string =>
      `import type { Actor } from './skill-types.d.ts';
export const actor: Actor = { initial: () => ({ n: 0 }), receive: { add: (state, by, ctx) => ${body} } };
`;
    const good = actor("(ctx.remind('later', { afterMs: 1 }), state.n += by)");
    const packed = await pack(folders.make({ ...fields, ...more }, { 'index.ts': good }));
    expect(packed.types).toEqual({ kind: 'checked' });
    expect((await refusal(actor('state.m += by'), more)).message).toMatch(/'m' does not exist/);
    expect((await refusal(actor("by > 0 ? 'many' : 'none'"), more)).message).toMatch(/number/);
    expect((await refusal('export const a = 1;\n', more)).message).toMatch(/no export `actor`/);
  });
});
