/** `skein skills init`: a folder with a skill that runs, tests that pass, and its types. Nothing that is there is overwritten. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  checkManifest,
  failure,
  type Result,
  reasonOf,
  type SkillManifest,
  success,
} from '../contracts/index.ts';
import { skillTypes, TYPES_FILE } from './skill-types.ts';
import { skillDoor } from './type-check.ts';

export interface Made {
  readonly folder: string;
  readonly name: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

/** Failures: ARGUMENT_INVALID for a name that no skill can have, FILE_UNWRITABLE also for a file that is there already. */
export async function makeSkillFolder(path: string, name: string): Promise<Result<Made>> {
  const folder = resolve(path);
  const manifest = checkManifest(manifestOf(name));
  if (!manifest.ok) {
    const expected = 'a small letter, then up to 63 small letters, digits, "-" and "_"';
    return failure('ARGUMENT_INVALID', { argument: 'name', found: name, expected });
  }
  const files = filesOf(manifest.value, folder);
  const taken = Object.keys(files).find((file) => existsSync(join(folder, file)));
  if (taken !== undefined) {
    const reason = 'it is there already, and nothing is overwritten';
    return failure('FILE_UNWRITABLE', { file: join(folder, taken), reason });
  }
  try {
    await mkdir(folder, { recursive: true });
    for (const [file, text] of Object.entries(files))
      await writeFile(join(folder, file), text, { flag: 'wx' });
    return success({ folder, name, files: Object.keys(files) });
  } catch (thrown) {
    return failure('FILE_UNWRITABLE', { file: folder, reason: reasonOf(thrown) });
  }
}

const manifestOf = (name: string): object => ({
  name,
  version: '0.1.0',
  description: 'Greets somebody by name.',
  input: {
    type: 'object',
    properties: { name: { type: 'string', minLength: 1, maxLength: 200 } },
    required: ['name'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: { greeting: { type: 'string' } },
    required: ['greeting'],
    additionalProperties: false,
  },
  effects: 'none',
  examples: [{ input: { name: 'Ada' }, output: { greeting: 'Hello, Ada!' } }],
});

function filesOf(manifest: SkillManifest, folder: string): Readonly<Record<string, string>> {
  const { name } = manifest;
  const handler = name.replace(/[-_]+(.?)/g, (_, next: string) => next.toUpperCase());
  return {
    'skill.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'index.ts': `import type { Handler } from './${TYPES_FILE}';

const ${handler}Skill: Handler = async ({ name }, ctx) => {
  ctx.log.info('greeting somebody', { name });
  return { greeting: \`Hello, \${name}!\` };
};

export default ${handler}Skill;
`,
    'index.test.ts': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSkill } from 'skein/testing';
import skill from './index.ts';
import manifest from './skill.json' with { type: 'json' };

test('greets by name, and logs it', async () => {
  const { result, lines } = await testSkill({ skill, manifest, input: { name: 'Ada' } });
  assert.deepEqual(result, { ok: true, value: { greeting: 'Hello, Ada!' } });
  assert.equal(lines.length, 1);
});

test('takes no empty name', async () => {
  const { result } = await testSkill({ skill, manifest, input: { name: '' } });
  assert.equal(result.ok, false);
});
`,
    [TYPES_FILE]: skillTypes(manifest),
    'tsconfig.json': tsconfigOf(folder),
    'README.md': `# ${name}

${manifest.description}

    skein skills dev                  # tests again at each save
    skein skills test                 # types, examples, tapes and *.test.ts
    skein run ./ --input '{"name":"Ada"}'
    skein skills pack                 # ${name}-${manifest.version}.skein.json

\`skill.json\` says what the skill takes, gives and may use; \`${TYPES_FILE}\` is made from it.
`,
    '.gitignore': 'node_modules/\n*.skein.json\n*.key\n',
  };
}

/** For the editor alone. Where Skein is not installed, the types of the one that made the folder are named by their path. */
function tsconfigOf(folder: string): string {
  const paths = isInstalled(folder) ? {} : { paths: { 'skein/skill': [skillDoor()] } };
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    ...paths,
  };
  return `${JSON.stringify({ compilerOptions }, null, 2)}\n`;
}

/** As Node would find it. */
function isInstalled(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules/skein/package.json'))) return true;
    if (dirname(at) === at) return false;
  }
}
