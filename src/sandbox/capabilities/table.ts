/** The table of capabilities: all there are. A row here, one in `CALLS` and one in each schema make a capability. */

import type { CapabilityName } from '../call-table.ts';
import { actor } from './actor.ts';
import type { Capability } from './capability.ts';
import { clock } from './clock.ts';
import { fs } from './fs.ts';
import { http } from './http.ts';
import { kv } from './kv.ts';
import { llm } from './llm.ts';
import { log } from './log.ts';
import { notify } from './notify.ts';
import { random } from './random.ts';
import { secret } from './secret.ts';

export const CAPABILITIES: { readonly [C in CapabilityName]: Capability<C> } = {
  http,
  fs,
  kv,
  secret,
  actor,
  notify,
  llm,
  random,
  clock,
  log,
};
