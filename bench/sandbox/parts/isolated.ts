/** isolated-vm by itself, in this process: no process, no prelude, no checks. It needs `--no-node-snapshot` where it is loaded. */
import { INPUT } from './skein.ts';

export const ISOLATED_VM_FLAGS = ['--no-node-snapshot'];
const MEMORY_MIB = 64;

export interface RawIsolate {
  readonly call: (timeout?: number) => Promise<void>;
  readonly dispose: () => void;
}

export async function rawIsolate(source: string): Promise<RawIsolate> {
  const { default: ivm } = await import('isolated-vm');
  const isolate = new ivm.Isolate({ memoryLimit: MEMORY_MIB });
  const context = await isolate.createContext();
  const module = await isolate.compileModule(source);
  await module.instantiate(context, () => {
    throw new Error('no imports');
  });
  await module.evaluate();
  const handler = await module.namespace.get('default', { reference: true });
  const options = { arguments: { copy: true }, result: { promise: true, copy: true } } as const;
  return {
    call: async (timeout) => {
      await handler
        .apply(undefined, [INPUT], { ...options, ...(timeout ? { timeout } : {}) })
        .catch(() => undefined);
    },
    dispose: () => isolate.dispose(),
  };
}

/** A fresh isolate with the skill's module, for one call: as Skein does it for each run. */
export async function rawCall(source: string, timeout?: number): Promise<void> {
  const isolate = await rawIsolate(source);
  await isolate.call(timeout);
  isolate.dispose();
}
