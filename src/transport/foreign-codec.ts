/**
 * msgpack for other nodes: no extensions, no shared shapes, every part looked at before it is built (`msgpack-scan.ts`).
 */
import { Packr, Unpackr } from 'msgpackr';
import { scanMsgpack } from './msgpack-scan.ts';

/** `variableMapSize` gives the shortest heads; without records and more types nothing but the core of msgpack comes out. */
export const foreignPackr = new Packr({
  useRecords: false,
  moreTypes: false,
  variableMapSize: true,
});

/** Bytes are copied out, so that a small value does not keep a large frame alive. */
const unpackr = new Unpackr({
  useRecords: false,
  moreTypes: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  copyBuffers: true,
});

const place = { start: 0, end: 0 };

/** For a value that is portable already (`foreign-value.ts`). */
export const encodeForeign = (value: unknown): Buffer => foreignPackr.pack(value);

/** @throws with a reason for anything but one allowed value from `start` to `end`. */
export function decodeForeign(bytes: Uint8Array, start = 0, end = bytes.byteLength): unknown {
  scanMsgpack(bytes, start, end);
  place.start = start;
  place.end = end;
  return unpackr.unpack(bytes, place);
}
