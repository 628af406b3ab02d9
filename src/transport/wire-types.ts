/**
 * Classes that cross a link as themselves (refs, for one). A room registers its class here; the codec knows none by name.
 * Between threads of one process only: frames from other nodes are decoded without extensions.
 */
import { addExtension } from 'msgpackr';

// biome-ignore lint/suspicious/noExplicitAny: any constructor will do
type AnyClass<T> = new (...args: any[]) => T;

export interface WireType<T, F extends readonly unknown[]> {
  /** A msgpack extension type, 0 to 127, unique in the process. */
  readonly type: number;
  readonly class: AnyClass<T>;
  readonly pack: (value: T) => F;
  readonly unpack: (fields: F) => T;
}

export function registerWireType<T, F extends readonly unknown[]>(wireType: WireType<T, F>): void {
  addExtension({
    Class: wireType.class,
    type: wireType.type,
    write: wireType.pack,
    read: wireType.unpack,
    // biome-ignore lint/suspicious/noExplicitAny: the library's types know only byte-level extensions
  } as any);
}

class NotAValue {}

const refuse = (what: string) => () => {
  throw new TypeError(`${what} cannot be sent to another thread`);
};
for (const [type, unsendable] of [
  [0x7e, Promise],
  [0x7d, WeakMap],
  [0x7c, WeakSet],
] as const) {
  registerWireType({
    type,
    class: unsendable as typeof NotAValue,
    pack: refuse(`a ${unsendable.name}`) as () => [],
    unpack: () => new NotAValue(),
  });
}
