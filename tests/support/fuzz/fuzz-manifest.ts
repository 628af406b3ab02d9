/**
 * The reader of skills, under mutated manifests, modules and package files. What it accepts is plain JSON with one hash, the
 * same after another round; what it refuses has a code and a place; nothing throws.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resourcesOf } from '../../../src/actors/resources.ts';
import {
  checkManifest,
  ERROR_TABLE,
  type Result,
  readDocument,
  type SkillManifest,
  type SkillPackage,
} from '../../../src/contracts/index.ts';
import { effectiveGrants } from '../../../src/sandbox/index.ts';
import {
  encodePackage,
  loadSkillPackage,
  packageOf,
  parsePackage,
  payloadOf,
} from '../../../src/skills/index.ts';
import { ASKED, GRANTED } from '../capabilities.ts';
import { mutated } from '../frame-mutations.ts';
import type { Draw } from './draw.ts';
import { mutatedValue, textOf } from './mutate-json.ts';
import { claim, type FuzzTarget } from './run-fuzz.ts';

const SOURCE = 'export default async (input: { n: number }) => ({ n: input.n });\n';
/** Of YAML, which the reader takes too: what JSON does not have. */
const YAML = [
  '&a [*a]',
  '!!js/function "x"',
  '!!binary aGk=',
  '.nan',
  '.inf',
  '<<: {name: x}',
  '? [1, 2]\n: 3',
  '0o17',
  '0x1f',
  '|\n  text',
  '\t- x',
  '2001-12-14t21:59:43.10-05:00',
  '--- x\n---\ny',
  '%YAML 9.9',
  '{ a: &x 1, b: *x, c: *y }',
];
const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
  .split('')
  .map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[at]}`).join()}]`)
  .join('\n')}\n`;

/** Where a reader that compares each with every other would stand still. */
const many = (one: (at: number) => string, by: string): string =>
  Array.from({ length: 15_000 }, (_, at) => one(at)).join(by);
const WIDE = [
  `{${many((at) => `"k${at}":1`, ',')}}`,
  many((at) => `k${at}: &a${at} x`, '\n'),
  `a: &a x\n${many((at) => `k${at}: *a`, '\n')}`,
];

const builtIn = (name: string): SkillManifest => {
  const url = new URL(`../../../src/skills/${name}/skill.json`, import.meta.url);
  return JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as SkillManifest;
};

/** Every field that there is. */
const FULL: SkillManifest = {
  ...{ name: 'full', version: '1.2.3-rc.1', description: 'Has every field.', entry: 'index.ts' },
  input: { type: 'object', properties: { n: { type: 'integer', minimum: 0 } }, required: ['n'] },
  output: { type: 'object', properties: { n: { type: 'integer' } } },
  capabilities: ASKED,
  resources: { cpuMs: 100, wallMs: 200, memoryMiB: 32, inputBytes: 9, outputBytes: 9, logBytes: 9 },
  effects: 'idempotent',
  examples: [{ input: { n: 1 }, output: { n: 1 } }, { input: { n: 2 } }],
  ...{ license: 'Apache-2.0', author: 'somebody' },
};

export function fuzzManifest(): FuzzTarget {
  const seeds = [FULL, builtIn('hello'), builtIn('http_call'), builtIn('json_transform')];
  const folder = mkdtempSync(join(tmpdir(), 'skein-fuzz-'));
  const manifestFile = join(folder, 'skill.json');
  const moduleFile = join(folder, 'index.ts');
  const jsFile = join(folder, 'index.js');
  // What a manifest must not reach: a file outside, also through a link of another name.
  symlinkSync('/etc/hostname', join(folder, 'linked'));

  const textFor = (draw: Draw): string => {
    if (draw.chance(0.01)) return BOMB;
    if (draw.chance(0.0005)) return draw.pick(WIDE);
    if (draw.chance(0.01)) return draw.pick(['[', '{"a":', '- ']).repeat(draw.pick([400, 20_000]));
    let value: unknown = draw.pick(seeds);
    for (let times = draw.below(4); times > 0; times--) value = mutatedValue(value, draw);
    let text = JSON.stringify(value, null, draw.pick([0, 2])) ?? 'null';
    if (draw.chance(0.15)) {
      const at = draw.below(text.length + 1);
      text = text.slice(0, at) + draw.pick(YAML) + text.slice(at + draw.below(12));
    }
    if (draw.chance(0.15)) text = text.replace(/:\s*("[^"]*"|\d+|true)/, `: ${draw.pick(YAML)}`);
    if (draw.chance(0.25)) {
      const other = Buffer.from(textOf(draw.pick(seeds)));
      text = Buffer.from(mutated(Buffer.from(text), other, draw.random)).toString();
    }
    return text;
  };

  const alone = (draw: Draw): string => {
    const read = readDocument(textFor(draw), checkManifest);
    if (read.ok) return accepted(packageOf(read.value, SOURCE));
    const { pointer, found, expected, line } = read.error;
    claim(
      typeof pointer === 'string' && found !== '' && expected !== '',
      'a refusal says no place',
    );
    claim(line === undefined || line > 0, `line ${line}`);
    claim(Buffer.byteLength(found) < 2_000, 'a refusal repeats what it refuses at length');
    return 'refused manifest';
  };

  const fromFolder = async (draw: Draw): Promise<string> => {
    writeFileSync(manifestFile, textFor(draw));
    const bytes = Buffer.from(SOURCE);
    const source = draw.chance(0.3) ? mutated(bytes, bytes, draw.random) : bytes;
    writeFileSync(draw.chance(0.5) ? moduleFile : jsFile, source);
    const loaded = await loadSkillPackage(folder);
    rmSync(moduleFile, { force: true });
    rmSync(jsFile, { force: true });
    if (loaded.ok) return `folder ${accepted(loaded.value)}`;
    return `folder ${refusal(loaded, ['MANIFEST_INVALID', 'FILE_UNREADABLE', 'SKILL_REFUSED'])}`;
  };

  const asFile = (draw: Draw): string => {
    const skill = packageOf(draw.pick(seeds), SOURCE);
    const sbom = {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [] as object[],
    } as const;
    const text = Buffer.from(encodePackage({ skill, sbom, signatures: [] })).toString();
    const file = JSON.parse(text) as { payload: string };
    let changed: string;
    if (draw.chance(0.6)) {
      // Inside the envelope, where the base64 hides it: as text, or as JSON that is written as it must be.
      const payload = Buffer.from(file.payload, 'base64');
      const inner = draw.chance(0.5)
        ? mutated(payload, payload, draw.random)
        : Buffer.from(textOf(mutatedValue(JSON.parse(payload.toString()), draw)));
      changed = textOf({ ...file, payload: Buffer.from(inner).toString('base64') });
    } else if (draw.chance(0.5)) changed = textOf(mutatedValue(file, draw));
    else
      changed = Buffer.from(mutated(Buffer.from(text), Buffer.from(text), draw.random)).toString();
    const parsed = parsePackage(changed, 'fuzz.skein.json');
    if (!parsed.ok) return `file ${refusal(parsed, ['PACKAGE_INVALID', 'PACKAGE_TAMPERED'])}`;
    const held = (JSON.parse(changed) as { payload: string }).payload;
    const again = Buffer.from(payloadOf(parsed.value)).toString('base64');
    claim(again === held, 'a package file was accepted whose bytes are not those of its content');
    return `file ${accepted(parsed.value.skill)}`;
  };

  return {
    name: 'manifest',
    one: async (draw) => {
      const way = draw.below(8);
      if (way === 0) return fromFolder(draw);
      return way <= 2 ? asFile(draw) : alone(draw);
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function accepted(skill: SkillPackage): string {
  const { manifest, contentHash } = skill;
  const text = JSON.stringify(manifest);
  const again = readDocument(text, checkManifest);
  claim(again.ok, `what was accepted is refused the second time: ${text.slice(0, 300)}`);
  const { contentHash: hash } = packageOf(again.value, skill.source);
  claim(hash === contentHash, `the hash changes with a second reading: ${text.slice(0, 300)}`);
  for (const [name, amount] of Object.entries(resourcesOf(manifest)))
    claim(Number.isSafeInteger(amount) && amount > 0, `${name} is ${amount}`);
  const grants = effectiveGrants(manifest.capabilities, GRANTED);
  for (const grant of Object.keys(grants))
    claim(grant in GRANTED, `${grant} was granted by nobody`);
  claim(effectiveGrants(manifest.capabilities, {}).http === undefined, 'http without a grant');
  return 'accepted';
}

function refusal(result: Result<unknown>, codes: readonly string[]): string {
  claim(!result.ok, 'not refused');
  const { code, message } = result.error;
  claim(codes.includes(code) && Object.hasOwn(ERROR_TABLE, code), `refused with ${code}`);
  claim(message.length < 4_000, `a message of ${message.length} characters`);
  return `refused ${code}`;
}
