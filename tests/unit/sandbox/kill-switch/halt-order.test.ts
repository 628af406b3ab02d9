import { describe, expect, it } from 'vitest';
import {
  judgeRecord,
  readHaltRecord,
  readReceipt,
  signReceipt,
} from '../../../../src/sandbox/index.ts';
import {
  KEY,
  keyNumber,
  orderOf,
  recordOf,
  releasedOf,
  SELF,
} from '../../../support/halt-records.ts';

const anybody = (): boolean => true;

describe('a record from elsewhere', () => {
  it('is believed when a node signed it whose ID follows from its key', () => {
    expect(judgeRecord(recordOf(), anybody)).toBeUndefined();
    expect(judgeRecord(releasedOf(), anybody)).toBeUndefined();
    expect(
      judgeRecord({ ...recordOf(), ...{ release: releasedOf().release } }, anybody),
    ).toBeUndefined();
  });

  it.each([
    ['scope', { scope: { kind: 'skill', name: 'mail' } }],
    ['reason', { reason: 'another' }],
    ['author', { by: 'mallory' }],
    ['time', { atMs: 1_001 }],
    ['signer', { signed: { ...orderOf({ key: keyNumber(2) }).signed, node: SELF } }],
    ['signature', { signed: orderOf({ by: 'mallory' }).signed }],
    ['signature at all', { signed: null }],
    ['reach', { reach: 'local' }],
  ])('is not believed with another %s', (_what, change) => {
    const record = recordOf();
    const order = { ...record.order, ...change } as typeof record.order;
    expect(judgeRecord({ ...record, order }, anybody)).toBeTypeOf('string');
  });

  it('is not believed of a node that is not trusted', () => {
    const trusts = (key: string) => key !== recordOf().order?.signed?.key;
    expect(judgeRecord(recordOf(), trusts)).toContain('not trusted');
    expect(judgeRecord(recordOf({ key: keyNumber(2) }), trusts)).toBeUndefined();
  });

  it('does not pass a release off as an order, nor the other way round', () => {
    const { order } = recordOf();
    const { release } = releasedOf();
    const swapped = { ...recordOf(), release: { ...release, signed: order?.signed } } as never;
    expect(judgeRecord(swapped, anybody)).toContain('not signed by');
  });

  it.each([
    ['nothing', { id: recordOf().id, order: null, release: null }],
    ['an order of another ID', { ...recordOf(), id: 'h-ffffffffffffffff' }],
    ['a field too many', { ...recordOf(), more: 1 }],
    ['a path for an ID', { ...recordOf(), id: '../../x' }],
    ['text', 'halt'],
  ])('is refused when it is %s', (_what, value) => {
    expect(readHaltRecord(value)).toBeTypeOf('string');
  });
});

describe('a receipt', () => {
  const stopped = { runs: 1, hostCalls: 2, sandboxHosts: 3, actors: 4 };
  const receipt = signReceipt(
    { order: recordOf().id, act: 'halt', atMs: 5, elapsedMs: 1.5, stopped },
    KEY,
  );
  const wanted = { node: SELF, order: recordOf().id, act: 'halt' } as const;

  it('is read when its node signed it for that order', () => {
    expect(readReceipt(structuredClone(receipt), wanted)).toEqual(receipt);
  });

  it.each([
    ['another order', receipt, { ...wanted, order: 'h-0000000000000002' }],
    ['another act', receipt, { ...wanted, act: 'release' as const }],
    ['another node', receipt, { ...wanted, node: keyNumber(2).id }],
    ['other figures', { ...receipt, stopped: { ...stopped, runs: 0 } }, wanted],
    ['a stranger', { ...receipt, signed: { ...receipt.signed, key: 'x'.repeat(43) } }, wanted],
  ])('is not believed for %s', (_what, found, asked) => {
    expect(readReceipt(found, asked)).toBeTypeOf('string');
  });
});
