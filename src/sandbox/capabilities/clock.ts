/** Capability `clock`: `ctx.clock.now()` gives the node's wall clock, Unix epoch in whole ms. `Date` inside stands still meanwhile. */
import { success } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import type { Capability } from './capability.ts';

export const clock: Capability<'clock'> = {
  name: 'clock',
  calls: Object.keys(CALLS.clock),
  effective: (asked, granted) => (asked === true && granted === true ? true : undefined),
  missing: ({ clock }) => (clock ? undefined : 'this node has no clock for skills'),
  serve: async (_call, _grant, effects) => success(Math.floor(effects.clock?.wallMs() ?? 0)),
  actionOf: () => ({ resource: { type: 'Clock', id: 'wall' }, attributes: {} }),
};
