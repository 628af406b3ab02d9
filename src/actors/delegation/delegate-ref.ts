/** How a node reaches the delegate of another. */
import type { NodeId } from '../../contracts/index.ts';
import type { ActorSystem, RefOf } from '../../kernel/index.ts';
import type { delegateActor } from './delegate-actor.ts';

/** The delegate of a node has a name that every node knows. */
export function delegateOf(system: ActorSystem, node: NodeId): RefOf<typeof delegateActor> {
  const ref = system.refAt(`skein://${node}/main/root/delegate`);
  if (!ref.ok) throw new Error(ref.error.message);
  return ref.value as RefOf<typeof delegateActor>;
}
