import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/host/index.ts';
import { openNodeKey } from '../../../src/runtime/node-key-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (seed = 'a') => openNodeKey(folder, seededRandom(seed));
const refused = (reason: string) => ({
  ok: false,
  error: { code: 'NODE_KEY_UNUSABLE', details: { file: join(folder, 'node.key'), reason } },
});

describe('the file of the node key', () => {
  it('keeps the key, counts the lives, and is for its owner alone', () => {
    const [first, second] = [open('a'), open('b')];
    if (!first.ok || !second.ok) throw new Error('not opened');
    expect(Buffer.compare(second.value.seed, first.value.seed)).toBe(0);
    expect([first.value.life, second.value.life]).toEqual([1, 2]);
    expect(statSync(join(folder, 'node.key')).mode & 0o777).toBe(0o600);
  });

  it('is refused when others may read it', () => {
    open();
    chmodSync(join(folder, 'node.key'), 0o640);
    expect(open()).toMatchObject(refused('others may read or write it: its mode is 640'));
  });

  it('is refused when any character of it is another, or missing', () => {
    open();
    const file = join(folder, 'node.key');
    const whole = readFileSync(file, 'latin1');
    for (let at = 0; at < whole.length; at++) {
      for (const damaged of [
        whole.slice(0, at),
        `${whole.slice(0, at)}${whole[at] === '1' ? '2' : '1'}${whole.slice(at + 1)}`,
      ]) {
        writeFileSync(file, damaged);
        expect(open()).toMatchObject(refused('it is damaged'));
      }
    }
    writeFileSync(file, whole);
    expect(open()).toMatchObject({ ok: true, value: { life: 2 } });
  });

  it('is not there in memory: the key is fresh', () => {
    const [one, two] = ['a', 'b'].map((seed) => openNodeKey('memory', seededRandom(seed)));
    expect(one).not.toEqual(two);
  });
});
