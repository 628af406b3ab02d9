/** Virtual actors as skills reach them: those of packages, of the skill's own tenant; then kinds that the program around the node registered. */
import { formatVirtualAddress } from '../cluster/index.ts';
import { failure, type Json, LIMITS, type Result, success } from '../contracts/index.ts';
import type { ActorCall, Actors } from '../sandbox/index.ts';
import type { NodeActors } from './node-actors.ts';

/** `actors`: undefined until the node is ready. */
export function actorCalls(actors: () => NodeActors | undefined): Actors {
  let onTheirWay = 0;
  const ask = async (call: ActorCall): Promise<Result<Json>> => {
    const packages = actors();
    if (!packages) return failure('OVERLOADED', { reason: 'the node is starting' });
    const { kind: skill, key, message: type, body: payload, tenant, timeoutMs } = call;
    const asked = await packages.ask({ skill, key, type, payload, tenant, timeoutMs });
    // The kind is taken, and not by a package: the program's own.
    if (asked.ok || asked.error.code !== 'NAME_TAKEN') return asked;
    const handle = packages.virtual.at(formatVirtualAddress({ kind: skill, key }));
    if (!handle.ok) return handle;
    const answer = await handle.value.ask(type, payload, { timeoutMs });
    return answer.kind === 'answered'
      ? success((answer.value ?? null) as Json)
      : { ok: false, error: answer.error };
  };
  const tell = async (call: ActorCall): Promise<Result<Json>> => {
    if (onTheirWay >= LIMITS.actorTells) {
      return failure('OVERLOADED', { reason: `${onTheirWay} messages to actors are on their way` });
    }
    onTheirWay++;
    void ask(call).finally(() => onTheirWay--);
    return success(null);
  };
  return { ask, tell };
}
