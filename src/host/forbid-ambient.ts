/**
 * While a simulation runs, nothing in the process may ask the real world for time, chance or a turn of its event loop: whoever does
 * gets an error with the stack that shows where. A simulation never waits for real I/O, so nobody else runs meanwhile.
 */

import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

type Ambient = readonly [owner: object, name: string];

const AMBIENT: readonly Ambient[] = [
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [Date, 'now'],
  [Math, 'random'],
  [performance, 'now'],
  [childProcess, 'spawn'],
  [crypto, 'randomBytes'],
  [crypto, 'randomUUID'],
  [fs.promises, 'readFile'],
  [http, 'request'],
  [net, 'connect'],
];

export class AmbientCall extends Error {}

/** @returns what ends the ban. `told` hears of each call, since whoever made it may swallow the error. */
export function forbidAmbient(told: (call: AmbientCall) => void): () => void {
  const before = AMBIENT.map(([owner, name]) => [owner, name, Reflect.get(owner, name)] as const);
  for (const [owner, name] of AMBIENT) {
    Reflect.set(owner, name, () => {
      const call = new AmbientCall(`${name} was called in a simulation`);
      told(call);
      throw call;
    });
  }
  syncBuiltinESMExports();
  return () => {
    for (const [owner, name, real] of before) Reflect.set(owner, name, real);
    syncBuiltinESMExports();
  };
}
