/** The members of the cluster, and whether this Skein speaks a version of the wire that each of them speaks too. */
import { askMembers } from '../../cluster/index.ts';
import { busOver, WIRE_VERSION } from '../../transport/index.ts';
import { type Check, fail, ok, skipped } from './check.ts';
import { probeId } from './probe-id.ts';

const WAIT_MS = 1_000;
const NAMED = 5;

export const wireVersionCheck: Check = {
  layer: 'wire version',
  needs: ['subjects'],
  look: async ({ nats, cluster, status, random, ports: { timers } }) => {
    if (!nats) return skipped('nothing to look at');
    const probe = { self: probeId(random), cluster, bus: busOver(nats), timers, waitMs: WAIT_MS };
    const { members, unreadable } = await askMembers(probe);
    const all = new Map((status?.cluster?.members ?? []).map((each) => [each.node, each]));
    for (const each of members) all.set(each.node, each);
    if (unreadable > 0)
      return fail(
        `${unreadable} answers of members cannot be read: they speak another gossip`,
        'Run the same release of Skein on all nodes.',
      );
    if (all.size === 0) return skipped('no member answers: nobody is there to compare with');
    const strange = [...all.values()].filter(
      ({
        facts: {
          wire: [min, max],
        },
      }) => min > WIRE_VERSION || max < WIRE_VERSION,
    );
    if (strange.length === 0) return ok(`${all.size} members, all speak version ${WIRE_VERSION}`);
    const named = strange
      .slice(0, NAMED)
      .map(({ node, facts: { wire } }) => `${node} speaks ${wire[0]} to ${wire[1]}`);
    return fail(
      `${strange.length} of ${all.size} members do not speak version ${WIRE_VERSION}: ${named.join(', ')}`,
      'Run releases of Skein whose versions of the wire overlap.',
    );
  },
};
