/**
 * Cedar, loaded when the first policy is: its WebAssembly takes some 40 ms and 10 MiB, which most commands never need. Loaded in one
 * go, since a decision in the simulator must not wait for the disk.
 */
import { createRequire } from 'node:module';
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';

let loaded: typeof Cedar | undefined;

/** @throws when the package is missing or damaged */
export function cedar(): typeof Cedar {
  loaded ??= createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as typeof Cedar;
  return loaded;
}
