/** Capability `kv`: a key-value space of one skill and tenant. The space's name is the node's; a skill names only keys. */
import {
  failure,
  type Json,
  type KeyValue,
  LIMITS,
  type Result,
  success,
  type TenantId,
} from '../../contracts/index.ts';
import type { CapabilityCall } from '../capability.ts';

/** Where the keys of a skill and tenant are. */
export const keyValueSpace = (tenant: TenantId, skill: string): string =>
  `skill/${tenant}/${skill}`;

export async function serveKeyValue(
  { name, args, tenant, skill }: CapabilityCall,
  store: Omit<KeyValue, 'list'>,
): Promise<Result<Json>> {
  const [key, value = null] = args;
  const refused = (reason: string) => failure('HOST_CALL_INVALID', { capability: 'kv', reason });
  if (typeof key !== 'string' || key === '') return refused('a key is a text that is not empty');
  if (Buffer.byteLength(key) > LIMITS.kvKeyBytes) {
    return refused(`a key has at most ${LIMITS.kvKeyBytes} bytes`);
  }
  const space = keyValueSpace(tenant, skill);
  switch (name) {
    case 'kv.get': {
      const found = await store.get(space, key);
      return found.ok ? success(found.value?.value ?? null) : found;
    }
    case 'kv.set': {
      if (Buffer.byteLength(JSON.stringify(value)) > LIMITS.kvValueBytes) {
        return refused(`a value has at most ${LIMITS.kvValueBytes} bytes`);
      }
      const written = await store.put(space, key, value);
      return written.ok ? success(null) : written;
    }
    case 'kv.delete':
      return store.delete(space, key);
    default:
      return refused(`there is no ${name}`);
  }
}
