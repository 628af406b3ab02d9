import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { KnownKeys } from '../../../src/transport/known-keys.ts';
import {
  isSignedBy,
  keyText,
  newSeed,
  nodeIdOf,
  nodeKeyOf,
  parseKeyText,
} from '../../../src/transport/node-key.ts';

const keyNamed = (name: string) => nodeKeyOf(newSeed(seededRandom(name)));

describe('the key of a node', () => {
  it('is that of RFC 8032 for its seed', () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const { publicKey, sign } = nodeKeyOf(Buffer.from(seed, 'hex'));
    expect(Buffer.from(publicKey).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(Buffer.from(sign(Buffer.alloc(0))).toString('hex')).toMatch(/^e5564300c360ac729086e2cc/);
  });

  it('gives the node its ID, the same whenever it is asked', () => {
    const { id, publicKey } = keyNamed('a');
    expect(id).toMatch(/^n-[a-z2-7]{8}$/);
    expect(nodeIdOf(publicKey)).toBe(id);
    expect(nodeIdOf(keyNamed('b').publicKey)).not.toBe(id);
  });

  it('signs what nobody else can sign', () => {
    const [mine, yours] = [keyNamed('a'), keyNamed('b')];
    const bytes = Buffer.from('hello');
    const signature = mine.sign(bytes);
    expect(isSignedBy(mine.publicKey, bytes, signature)).toBe(true);
    expect(isSignedBy(yours.publicKey, bytes, signature)).toBe(false);
    expect(isSignedBy(mine.publicKey, Buffer.from('hellp'), signature)).toBe(false);
    expect(isSignedBy(Buffer.alloc(32, 0xff), bytes, signature)).toBe(false);
    expect(isSignedBy(Buffer.alloc(3), bytes, signature)).toBe(false);
  });

  it('is written as 43 characters and read back, and nothing else is', () => {
    const { publicKey } = keyNamed('a');
    const text = keyText(publicKey);
    expect(text).toHaveLength(43);
    expect(Buffer.compare(parseKeyText(text) as Uint8Array, publicKey)).toBe(0);
    for (const wrong of ['', text.slice(1), `${text}=`, `${text}A`, text.replace(/./, '+')]) {
      expect(parseKeyText(wrong)).toBeUndefined();
    }
  });
});

describe('known keys', () => {
  it('take a key for the ID that follows from it, and for no other', () => {
    const [mine, yours] = [keyNamed('a'), keyNamed('b')];
    const known = new KnownKeys();
    expect(known.accepts(mine.id, mine.publicKey)).toBe(true);
    expect(known.accepts(yours.id, mine.publicKey)).toBe(false);
    expect(known.accepts('n-alpha' as NodeId, mine.publicKey)).toBe(false);
  });

  it('keep an ID with the key that proved itself under it first', () => {
    const [mine, yours] = [keyNamed('a'), keyNamed('b')];
    const known = new KnownKeys();
    known.proved(mine.id, yours.publicKey);
    expect(known.accepts(mine.id, mine.publicKey)).toBe(false);
  });

  it('take none that is not on the list, where there is one', () => {
    const [mine, yours] = [keyNamed('a'), keyNamed('b')];
    const known = new KnownKeys([keyText(mine.publicKey)]);
    expect(known.accepts(mine.id, mine.publicKey)).toBe(true);
    expect(known.accepts(yours.id, yours.publicKey)).toBe(false);
  });
});
