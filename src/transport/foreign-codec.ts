/** msgpack for other nodes: its core alone, without extensions or shared shapes. Reading is checked part by part. */
import { Packr } from 'msgpackr';
import { ForeignReader } from './foreign-reader.ts';

/** `variableMapSize` gives the shortest heads; without records and more types nothing but the core of msgpack comes out. */
export const foreignPackr = new Packr({
  useRecords: false,
  moreTypes: false,
  variableMapSize: true,
});

const reader = new ForeignReader();

/** For a value that is portable already (`foreign-value.ts`). */
export const encodeForeign = (value: unknown): Buffer => foreignPackr.pack(value);

/** @throws with a reason for anything but one allowed value from `start` to `end`. */
export const decodeForeign = (bytes: Uint8Array, start = 0, end = bytes.byteLength): unknown =>
  reader.read(bytes, start, end);
