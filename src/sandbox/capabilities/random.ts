/** Capability `random`: `ctx.random.bytes(n)` gives n bytes of the operating system's entropy as base64. `Math.random` is seeded. */
import { failure, LIMITS, success } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import type { Capability } from './capability.ts';

export const random: Capability<'random'> = {
  name: 'random',
  calls: Object.keys(CALLS.random),
  effective: (asked, granted) => (asked === true && granted === true ? true : undefined),
  missing: ({ random }) => (random ? undefined : 'this node has no source of chance for skills'),
  serve: async ({ args: [count] }, _grant, effects) => {
    const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1;
    if (!isCount || count > LIMITS.randomBytes) {
      const reason = `it takes a whole number from 1 to ${LIMITS.randomBytes}`;
      return failure('HOST_CALL_INVALID', { capability: 'random', reason });
    }
    return success(Buffer.from(effects.random?.bytes(count) ?? []).toString('base64'));
  },
  actionOf: ({ args: [count] }) => ({
    resource: { type: 'Random', id: 'system' },
    attributes: { bytes: typeof count === 'number' ? count : 0 },
  }),
};
