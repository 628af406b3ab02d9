/** Whole values of some megabytes under their names, kept for good: packages of skills, which a key of the shared state could not hold. */
import { failure, type Result, success } from '../contracts/index.ts';

/** Nothing throws or rejects. Failures of both: STATE_UNAVAILABLE. */
export interface Objects {
  /** Kept when it settles with success. The same name again: the later one counts. */
  readonly put: (name: string, bytes: Uint8Array) => Promise<Result<void>>;
  /** Undefined when there is none. Whether it is what was put is for the reader to see. */
  readonly get: (name: string) => Promise<Result<Uint8Array | undefined>>;
}

/** In memory, for one process. */
export function memoryObjects(): Objects {
  const all = new Map<string, Uint8Array>();
  return {
    put: async (name, bytes) => {
      all.set(name, bytes.slice());
      return success(undefined);
    },
    get: async (name) => success(all.get(name)?.slice()),
  };
}

export const objectsAway = (
  operation: 'put' | 'get',
  key: string,
  reason: string,
): Result<never> => {
  const mayHaveHappened = operation === 'put';
  return failure('STATE_UNAVAILABLE', { operation, key, reason, mayHaveHappened });
};
