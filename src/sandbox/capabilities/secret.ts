/**
 * Capability `secret`: secrets of the operator by name. Granted, a skill may have the node use them in headers of `http`, as
 * `{ secret: 'name' }`, for the hosts that the secret is for. `ctx.secret.get(name)` gives the value itself, and only where the grant
 * says `reveal`: from then on it is the skill's, and on the tape of the run.
 */
import { failure, success } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import { type Capability, resourceId } from './capability.ts';

export const secret: Capability<'secret'> = {
  name: 'secret',
  calls: Object.keys(CALLS.secret),
  effective: (asked, granted) => {
    if (!asked || !granted) return undefined;
    const names = asked.names.filter((name) => granted.names.includes(name));
    return { names, ...(asked.reveal && granted.reveal ? { reveal: true } : {}) };
  },
  missing: ({ secrets }) =>
    secrets ? undefined : 'this node has no secrets: its operator sets them with --secrets',
  serve: async ({ args: [name] }, grant, { secrets }) => {
    const denied = (reason: string) =>
      failure('CAPABILITY_DENIED', { capability: 'secret', reason });
    if (typeof name !== 'string' || !grant.names.includes(name)) {
      return denied(`${resourceId(name).slice(0, 64)} was not granted`);
    }
    if (grant.reveal !== true) return denied('it was granted for use in headers, not to be read');
    const found = secrets?.find(name);
    if (!found) return failure('INTERNAL', { reason: 'secret without a store' });
    return found.ok ? success(found.value.value) : found;
  },
  actionOf: ({ args: [name] }) => ({
    resource: { type: 'Secret', id: resourceId(name) },
    attributes: {},
  }),
};
