/** Skein between two processes: what a near actor does towards one on the far node. */
import type { ActorRef } from '../../../src/kernel/index.ts';
import { asker, sender } from '../../threads/parts/actors.ts';
import { isDirect, startFar } from './far-kind.ts';
import { joinedSystem, memberId } from './skein-node.ts';

const ASK_MS = 25_000;
const PATH_LOOKS = 200;

export interface SkeinPair {
  readonly send: (n: number) => Promise<unknown>;
  readonly many: (n: number, lanes: number) => Promise<unknown>;
  readonly alone: (n: number) => Promise<number[]>;
}

export async function startSkeinPair(kind: 'Skein' | 'Skein direct'): Promise<SkeinPair> {
  const { system, peers } = await joinedSystem('near', await startFar(kind), isDirect(kind));
  const far = (name: string): ActorRef => {
    const found = system.refAt(`skein://${memberId('far')}/main/root/${name}`);
    if (!found.ok) throw new Error(found.error.message);
    return found.value;
  };
  const ask = async (to: ActorRef, type: string, payload: unknown): Promise<unknown> => {
    const result = await system.ask(to, type, payload, { timeoutMs: ASK_MS });
    if (result.kind !== 'answered') throw new Error(result.error.message);
    return result.value;
  };
  const [counter, adder] = [far('counter'), far('adder')];
  const path = kind === 'Skein' ? 'nats' : 'unix';
  for (let look = 0; peers()[0]?.path !== path; look++) {
    if (look === PATH_LOOKS)
      throw new Error(`the link is not by ${path}: ${JSON.stringify(peers())}`);
    await ask(adder, 'add', look);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [near, lanes] = [system.spawn(sender, undefined), system.spawn(asker, undefined)];
  return {
    send: (n) => ask(near, 'send', { n, to: counter }),
    many: (n, count) => ask(lanes, 'many', { n, lanes: count, to: adder }),
    alone: async (n) => (await ask(lanes, 'alone', { n, to: adder })) as number[],
  };
}
