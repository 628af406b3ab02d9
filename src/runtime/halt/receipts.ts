/**
 * Orders from node to node, and their receipts: `root/halts` takes a record that another node's operator signed and answers with this
 * node's receipt, once it has one. Whoever gave the order asks all members at once and again until the time is over.
 */
import type { Clock, NodeId, Timers } from '../../contracts/index.ts';
import { type ActorSystem, defineActor, type RefOf } from '../../kernel/index.ts';
import {
  type HaltReceipt,
  type HaltRecord,
  judgeRecord,
  readHaltRecord,
  readReceipt,
} from '../../sandbox/index.ts';
import type { KillSwitch } from './kill-switch.ts';

interface HaltsArgs {
  readonly killSwitch: Pick<KillSwitch, 'take'>;
  readonly trusts: (key: string) => boolean;
}

export const HALTS = 'halts';

export const haltsActor = defineActor({
  kind: 'halts',
  initial: (args: HaltsArgs) => args,
  receive: {
    /** JSON text of a record; the answer is JSON text of a receipt. */
    take: ({ killSwitch, trusts }, text: string, ctx) => {
      const record = parsed(text);
      const reason = typeof record === 'string' ? record : judgeRecord(record, trusts);
      if (typeof record === 'string' || reason !== undefined) {
        ctx.log.error('a halt order is not to be believed', { reason });
        return ctx.replyLater(Promise.resolve(JSON.stringify({ refused: reason })));
      }
      return ctx.replyLater(killSwitch.take(record).then((receipt) => JSON.stringify(receipt)));
    },
  },
});

/** What came of an order on one node. */
export interface Confirmation {
  readonly node: NodeId;
  readonly receipt: HaltReceipt | null;
  /** From the order to the arrival of the receipt; null without one. */
  readonly elapsedMs: number | null;
  /** Why there is no receipt. */
  readonly reason: string | null;
}

export interface Collecting {
  readonly system: ActorSystem;
  readonly killSwitch: Pick<KillSwitch, 'take'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
}

const AGAIN_MS = 50;
const OWN = 'this node does not confirm it';

/** One a node, in the order of `nodes`; `dead` ones are told by what members say of them. */
export function collectReceipts(
  record: HaltRecord,
  nodes: readonly NodeId[],
  world: Collecting,
): Promise<readonly Confirmation[]> {
  const { clock, system, killSwitch, timers, timeoutMs } = world;
  const startedMs = clock.monotonicMs();
  const untilMs = startedMs + timeoutMs;
  const act = record.release ? 'release' : 'halt';
  const confirmed = (node: NodeId, receipt: HaltReceipt): Confirmation => {
    const elapsedMs = Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
    return { node, receipt, elapsedMs, reason: null };
  };
  const failed = (node: NodeId, why: string): Confirmation => {
    const reason = `no receipt within ${timeoutMs} ms: ${why}`;
    return { node, receipt: null, elapsedMs: null, reason };
  };
  const ofSelf = async (node: NodeId): Promise<Confirmation> => {
    const late = Promise.withResolvers<undefined>();
    const timer = timers.after(timeoutMs, () => late.resolve(undefined));
    const receipt = await Promise.race([killSwitch.take(record), late.promise]);
    timer.cancel();
    return receipt ? confirmed(node, receipt) : failed(node, OWN);
  };
  const ofPeer = async (node: NodeId): Promise<Confirmation> => {
    const ref = system.refAt(`skein://${node}/main/root/${HALTS}`);
    let why = 'it does not answer';
    for (;;) {
      const leftMs = untilMs - clock.monotonicMs();
      if (!ref.ok || leftMs < 1) return failed(node, why);
      const halts = ref.value as RefOf<typeof haltsActor>;
      const answer = await system.ask(halts, 'take', JSON.stringify(record), { timeoutMs: leftMs });
      if (answer.kind === 'answered') {
        const receipt = receiptIn(answer.value, { node, order: record.id, act });
        return typeof receipt === 'string' ? failed(node, receipt) : confirmed(node, receipt);
      }
      why = answer.error.message;
      await new Promise<void>((resolve) => void timers.after(AGAIN_MS, resolve));
    }
  };
  return Promise.all(nodes.map((node) => (node === system.node ? ofSelf(node) : ofPeer(node))));
}

function parsed(text: unknown): HaltRecord | string {
  if (typeof text !== 'string' || text.length > 16_384) return 'it is no text of an order';
  try {
    return readHaltRecord(JSON.parse(text));
  } catch {
    return 'it is no JSON';
  }
}

function receiptIn(
  answer: unknown,
  wanted: Parameters<typeof readReceipt>[1],
): HaltReceipt | string {
  try {
    const value: unknown = JSON.parse(String(answer));
    const refused = Object(value) as { readonly refused?: unknown };
    if (typeof refused.refused === 'string') return `it refused: ${refused.refused.slice(0, 200)}`;
    return readReceipt(value, wanted);
  } catch {
    return 'its answer is no receipt';
  }
}
