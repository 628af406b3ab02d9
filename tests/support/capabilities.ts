/** One ask and one grant that fits it for every capability. */
import type { Capabilities, CapabilityGrants } from '../../src/contracts/index.ts';

export const ASKED: Required<Capabilities> = {
  http: { hosts: ['api.example.com'] },
  fs: 'write',
  kv: true,
  secret: { names: ['api'], reveal: true },
  actor: { kinds: ['account'] },
  notify: { channels: ['ops'] },
  llm: { models: ['small'] },
  random: true,
  clock: true,
  log: true,
};

export const GRANTED: Required<CapabilityGrants> = {
  http: { hosts: ['api.example.com'], methods: ['GET'] },
  fs: 'write',
  kv: true,
  secret: { names: ['api'], reveal: true },
  actor: { kinds: ['account'] },
  notify: { channels: ['ops'] },
  llm: { models: ['small'] },
  random: true,
  clock: true,
  log: true,
};
