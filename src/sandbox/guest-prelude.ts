/** The guest prelude: one closure, evaluated in each fresh realm before any code of a skill. */
import { GUEST_BUFFERS } from './guest-buffers.ts';
import { GUEST_CONTEXT } from './guest-context.ts';
import { GUEST_ENCODE } from './guest-encode.ts';
import { GUEST_WORLD } from './guest-world.ts';

export const GUEST_PRELUDE = `'use strict';${GUEST_ENCODE}${GUEST_WORLD}${GUEST_BUFFERS}${GUEST_CONTEXT}`;
