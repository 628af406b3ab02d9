import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/journal/canonical-json.ts';
import { chainVerifier, type StoredRow } from '../../../src/journal/chain-verifier.ts';
import { chainWriter } from '../../../src/journal/chain-writer.ts';
import { eventText, recordedEvent } from '../../../src/journal/event-codec.ts';
import { acceptAppend } from '../../../src/journal/event-limits.ts';
import { GENESIS, linkHash } from '../../../src/journal/hash-chain.ts';
import { headRecord, parseHeadRecord } from '../../../src/journal/head-file.ts';
import { streamIndex } from '../../../src/journal/stream-index.ts';

interface Row extends StoredRow {
  readonly sequence: number;
  readonly event: string;
  readonly hash: string;
}

/** A chain of one event for each stream named. */
function chainOf(streams: readonly string[]): Row[] {
  const rows: Row[] = [];
  const writer = chainWriter({
    index: streamIndex(),
    head: GENESIS,
    durability: 'memory',
    store: (sequence, event, hash) => rows.push({ sequence, event, hash }),
  });
  for (const [at, stream] of streams.entries()) {
    const accepted = acceptAppend(stream, [{ type: 't', body: { at } }]);
    if (accepted.ok) writer.append(accepted.value, at);
    writer.commit();
  }
  return rows;
}

/** Rows accepted before the first refusal, or all of them; and whether there was a refusal. */
function walk(rows: readonly StoredRow[], known: readonly { count: number; hash: string }[]) {
  const verifier = chainVerifier(streamIndex(), known);
  for (const row of rows) {
    const damage = verifier.accept(row);
    if (damage) return damage;
  }
  return verifier.end();
}

const streams = fc.array(fc.constantFrom('a', 'b', 'c/d'), { minLength: 1, maxLength: 20 });
const headOf = (rows: readonly Row[]) => ({
  count: rows.length,
  hash: rows.at(-1)?.hash ?? GENESIS.hash,
});

describe('event codec', () => {
  const place = fc.record({
    atMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
    sequence: fc.integer({ min: 1 }),
    stream: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,20}$/),
    streamSequence: fc.integer({ min: 1 }),
  });

  test('writes the canonical JSON of the whole event, and reads it back', () => {
    fc.assert(
      fc.property(place, fc.string({ unit: 'grapheme' }), fc.jsonValue(), (at, type, body) => {
        const typeText = canonicalJson(type, 'type');
        const bodyText = canonicalJson(body, 'body');
        if (!typeText.ok || !bodyText.ok) return;
        const text = eventText({ typeText: typeText.value, bodyText: bodyText.value }, at);
        expect(text).toBe(canonicalize({ ...at, type, body }));
        expect(canonicalize(recordedEvent(text, 'h'))).toBe(
          canonicalize({ ...at, type, body, hash: 'h' }),
        );
      }),
    );
  });
});

describe('hash chain', () => {
  test('links by SHA-256 over the hash before and the canonical text', () => {
    const expected = createHash('sha256').update(`${GENESIS.hash}{"é":1}`, 'utf8').digest('hex');
    expect(linkHash(GENESIS.hash, '{"é":1}')).toBe(expected);
  });

  test('accepts what was written', () => {
    fc.assert(
      fc.property(streams, (names) => {
        const rows = chainOf(names);
        expect(walk(rows, [headOf(rows)])).toBeUndefined();
      }),
    );
  });

  test('finds a changed character at the row it is in', () => {
    fc.assert(
      fc.property(
        streams,
        fc.nat(),
        fc.nat(),
        fc.constantFrom('event', 'hash'),
        (names, row, place, column) => {
          const rows = chainOf(names);
          const at = row % rows.length;
          const original = rows[at] as Row;
          const text = original[column as 'event' | 'hash'];
          const cut = place % text.length;
          const changed = `${text.slice(0, cut)}${text[cut] === '0' ? '1' : '0'}${text.slice(cut + 1)}`;
          const damaged = rows.with(at, { ...original, [column]: changed });
          expect(walk(damaged, [headOf(rows)])?.sequence).toBe(at + 1);
        },
      ),
    );
  });

  test('finds a lost row, at the front, inside and at the end', () => {
    fc.assert(
      fc.property(streams, fc.nat(), (names, row) => {
        const rows = chainOf(names);
        const at = row % rows.length;
        expect(walk(rows.toSpliced(at, 1), [headOf(rows)])?.sequence).toBe(at + 1);
      }),
    );
  });

  test('finds two rows whose content was swapped, whatever is swapped with it', () => {
    fc.assert(
      fc.property(streams, fc.nat(), fc.nat(), fc.boolean(), (names, left, right, sequencesToo) => {
        const rows = chainOf(names);
        const [a, b] = [left % rows.length, right % rows.length].toSorted((x, y) => x - y) as [
          number,
          number,
        ];
        if (a === b) return;
        const [first, second] = [rows[a] as Row, rows[b] as Row];
        const swapped = rows
          .with(a, sequencesToo ? second : { ...second, sequence: first.sequence })
          .with(b, sequencesToo ? first : { ...first, sequence: second.sequence });
        expect(walk(swapped, [headOf(rows)])?.sequence).toBe(a + 1);
      }),
    );
  });

  test('finds a history that is whole but is not the one that was recorded', () => {
    const rows = chainOf(['a', 'a', 'a']);
    const other = chainOf(['a', 'b', 'a']);
    expect(walk(other, [{ count: 2, hash: rows[1]?.hash ?? '' }])?.sequence).toBe(2);
  });

  test('refuses columns of another type', () => {
    const [row] = chainOf(['a']) as [Row];
    for (const bad of [null, 1, 1n, new Uint8Array(3)]) {
      expect(walk([{ ...row, event: bad }], [])?.sequence).toBe(1);
      expect(walk([{ ...row, hash: bad }], [])?.sequence).toBe(1);
      expect(walk([{ ...row, sequence: bad }], [])?.sequence).toBe(bad === 1 ? undefined : 1);
    }
  });
});

describe('head record', () => {
  const head = fc.record({
    count: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    hash: fc.stringMatching(/^[0-9a-f]{64}$/),
  });

  test('reads back, and always has the same length', () => {
    fc.assert(
      fc.property(head, (one) => {
        expect(parseHeadRecord(headRecord(one))).toEqual(one);
        expect(headRecord(one)).toHaveLength(headRecord(GENESIS).length);
      }),
    );
  });

  test('is not taken for another one when a character of it changes', () => {
    fc.assert(
      fc.property(head, fc.nat(), fc.integer({ min: 1, max: 127 }), (one, place, flip) => {
        const text = headRecord(one);
        const at = place % text.length;
        const changed = String.fromCharCode(text.charCodeAt(at) ^ flip);
        expect(parseHeadRecord(text.slice(0, at) + changed + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });
});
