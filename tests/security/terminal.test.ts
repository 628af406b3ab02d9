/** What a package says of itself before an operator, who looks at it because nobody trusts it yet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { green, printJson, terminalText } from '../../src/cli/output.ts';
import { inspectPackageCommand } from '../../src/cli/skills/signing.ts';
import { encodePackage, packageOf, signPackage } from '../../src/skills/index.ts';
import { manifestOf, signerKey, unsignedPackage } from '../support/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMANDS = [
  '\u001b]0;title\u0007',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001b[2J\u001b[H',
  '\u001b[1A\u001b[2K',
  '\u001b[8m',
  '\u009b2J',
  '\u202edetsurt',
  '\r  trusted: ada',
  '\n  trusted: ada',
  '\b\b\b',
];

it.each(COMMANDS)(
  'a package with %j in its texts gives a terminal no command and makes up no line',
  async (text) => {
    const plain = unsignedPackage('evil', '1.0.0');
    const skill = packageOf(
      { ...manifestOf('evil', '1.0.0'), description: `x${text}` },
      'export {};',
    );
    const components = [{ type: text, name: text, version: text }, { name: { toString: 1 } }];
    const signed = signPackage(
      { ...plain, skill, sbom: { ...plain.sbom, components } },
      signerKey(1),
    );
    const file = join(folder, 'evil.skein.json');
    writeFileSync(file, encodePackage(signed));
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
    try {
      expect(await inspectPackageCommand(file, { json: false, data: folder })).toBe(0);
    } finally {
      spy.mockRestore();
    }
    const said = written.join('');
    expect(said).not.toContain(text);
    expect(said).not.toMatch(/^\s*trusted/m);
    const [esc] = COMMANDS[0] as string;
    const bare = said.replaceAll(new RegExp(`${esc}\\[\\d{1,2}m`, 'g'), '');
    expect(
      [...bare].filter((character) => character !== '\n' && /\p{Cc}/u.test(character)),
    ).toEqual([]);
  },
);

it.each(COMMANDS.filter((text) => !/\n|\[8m/.test(text)))(
  'no line of a command holds %j',
  (text) => {
    expect(terminalText(`a ${text} b`)).not.toContain(text);
    expect(terminalText(`${green('a')}\n\tb`)).toBe(`${green('a')}\n\tb`);
  },
);

it.each(COMMANDS)('what is printed as JSON holds %j as escapes, and is the same data', (text) => {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    printJson({ text, [text]: 1 });
  } finally {
    spy.mockRestore();
  }
  const said = written.join('');
  expect(said.trimEnd()).not.toContain(text);
  expect(JSON.parse(said)).toEqual({ text, [text]: 1 });
});
