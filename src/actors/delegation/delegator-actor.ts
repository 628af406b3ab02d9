/**
 * Stands before the pool of skill actors and speaks its protocol: a call runs here, or is delegated to another node because this one
 * lacks the skill, has more to do than it can, or was told to.
 */
import type { MemberReport } from '../../cluster/index.ts';
import { isHeldHere, LIMITS, type NodeId } from '../../contracts/index.ts';
import { type ActorContext, type ActorRef, defineActor, type RefOf } from '../../kernel/index.ts';
import { keyValueSpace } from '../../sandbox/index.ts';
import type { Execution, Invocation } from '../execution.ts';
import { failedExecution, type skillPoolActor } from '../skill-pool-actor.ts';
import { type DelegationCounts, delegate } from './delegation.ts';
import { kvGate } from './kv-gate.ts';
import { Losses } from './losses.ts';
import { PeerSkills } from './peer-skills.ts';
import { nodesFor } from './place.ts';

export interface DelegatorArgs {
  readonly pool: ActorRef;
  readonly kv: ActorRef;
  /** Everybody who is not gone, as this node sees it, itself included. */
  readonly members: () => readonly MemberReport[];
  /** Calls that this node does at once. */
  readonly capacity: number;
}

interface DelegatorState extends DelegatorArgs {
  readonly losses: Losses;
  readonly peers: PeerSkills;
  readonly counts: DelegationCounts;
  /** Calls under way here, each an object of this thread: no message of another node can name one. */
  readonly activeHere: Set<object>;
  /** By space of the key-value store. */
  readonly gates: Map<string, ActorRef>;
}

const ASK_MS = 600_000;
const NO_SPACE = '';

export const delegatorActor = defineActor({
  kind: 'delegator',
  initial: (args: DelegatorArgs, ctx: ActorContext): DelegatorState => ({
    ...args,
    losses: new Losses(),
    peers: new PeerSkills(ctx.system, args.members),
    counts: { offered: 0, accepted: 0, refused: 0, completed: 0, lost: 0, failed: 0 },
    activeHere: new Set(),
    gates: new Map(),
  }),
  receive: {
    invoke: (state, invocation: Invocation, ctx) => {
      const { system, self, trace } = ctx;
      const { ask } = ctx.detached();
      const { skill, place, task = invocation.seed, avoidThreads = [] } = invocation;
      const here = async (): Promise<Execution> => {
        const active = {};
        state.activeHere.add(active);
        const pool = state.pool as RefOf<typeof skillPoolActor>;
        const answer = await ask(pool, 'invoke', invocation, { timeoutMs: ASK_MS });
        system.tell(self, 'endedHere', active);
        if (answer.kind === 'answered') return answer.value;
        return failedExecution({ ok: false, error: answer.error }, invocation, '');
      };
      const nodes = nodesFor({
        self: system.node,
        members: state.members(),
        task,
        place,
        canRunHere: isHeldHere(skill),
        isBusyHere: state.activeHere.size >= state.capacity,
        avoid: avoidThreads.filter((thread) => thread.includes('/')).map(nodeOf),
      });
      if (nodes[0] === system.node) return ctx.replyLater(here());
      const { peers, losses, counts } = state;
      const kv = gateTo(state, keyValueSpace(invocation.tenant, skill.manifest.name), ctx);
      return ctx.replyLater(
        delegate(invocation, nodes, trace, { system, kv, peers, losses, counts, here }),
      );
    },

    endedHere: (state, active: object) => {
      state.activeHere.delete(active);
    },

    /** A skill that no package here has, from whoever holds it. */
    find: (state, wanted: string, ctx) => ctx.replyLater(state.peers.find(wanted)),

    /** Membership has given a node up: nobody waits for it any longer. */
    memberGone: (state, node: NodeId) => {
      state.peers.forget(node);
      state.losses.lost(node, 'as the members say it is dead, has left, or lives another life');
    },

    counts: (state): DelegationCounts => ({ ...state.counts }),
  },
  mailbox: { capacity: LIMITS.mailboxCapacity },
});

/** The space of one skill and tenant, for other nodes. It has one gate, so that they know it again; too many share one that denies. */
function gateTo(state: DelegatorState, space: string, { system }: ActorContext): ActorRef {
  const isFull = state.gates.size >= LIMITS.delegatedSkills;
  const known = state.gates.get(isFull && !state.gates.has(space) ? NO_SPACE : space);
  if (known) return known;
  const gate = system.spawn(kvGate, { kv: state.kv, space: isFull ? NO_SPACE : space });
  state.gates.set(isFull ? NO_SPACE : space, gate);
  return gate;
}

const nodeOf = (place: string): NodeId => place.slice(0, place.indexOf('/')) as NodeId;
