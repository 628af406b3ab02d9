/** The members of the cluster, and whether this Skein speaks a version of the wire that each of them speaks too. */
import { askMembers } from '../../cluster/index.ts';
import { busOver, WIRE_VERSIONS } from '../../transport/index.ts';
import { type Check, fail, ok, skipped } from './check.ts';

const WAIT_MS = 1_000;
const NAMED = 5;
const [MIN, MAX] = WIRE_VERSIONS;
const OVERLAP = 'Run releases of Skein whose versions of the wire overlap.';

export const wireVersionCheck: Check = {
  layer: 'wire version',
  needs: ['subjects'],
  look: async ({ nats, cluster, status, log, ports }) => {
    if (!nats) return skipped('nothing to look at');
    const probe = { cluster, bus: busOver(nats), ports, log, waitMs: WAIT_MS };
    const { members, mismatches, unreadable } = await askMembers(probe);
    const strangers = { ...status?.cluster?.mismatches, ...mismatches };
    const reasons = Object.values(strangers).slice(0, NAMED);
    if (reasons.length > 0) return fail(reasons.join('; '), OVERLAP);
    if (unreadable > 0)
      return fail(
        `${unreadable} answers of members cannot be read: they speak another gossip`,
        'Run the same release of Skein on all nodes.',
      );
    const all = new Map((status?.cluster?.members ?? []).map((each) => [each.node, each]));
    for (const each of members) all.set(each.node, each);
    if (all.size === 0) return skipped('no member answers: nobody is there to compare with');
    const strange = [...all.values()].filter(
      ({ facts: { wire } }) => wire[0] > MAX || wire[1] < MIN,
    );
    if (strange.length === 0)
      return ok(`${all.size} members, all speak ${MIN} to ${MAX} or part of it`);
    const named = strange
      .slice(0, NAMED)
      .map(({ node, facts: { wire } }) => `${node} speaks ${wire[0]} to ${wire[1]}`);
    return fail(
      `${strange.length} of ${all.size} members speak none of ${MIN} to ${MAX}: ${named.join(', ')}`,
      OVERLAP,
    );
  },
};
