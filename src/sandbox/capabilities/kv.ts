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
import { CALLS } from '../call-table.ts';
import { type Capability, type CapabilityCall, resourceId } from './capability.ts';

/** Where the keys of a skill and tenant are. */
export const keyValueSpace = (tenant: TenantId, skill: string): string =>
  `skill/${tenant}/${skill}`;

export const kv: Capability<'kv'> = {
  name: 'kv',
  calls: Object.keys(CALLS.kv),
  effective: (asked, granted) => asked === true && granted === true,
  missing: ({ keyValue }) => (keyValue ? undefined : 'this node has no key-value store'),
  serve: async (call, _grant, { keyValue }) =>
    keyValue
      ? serveKeyValue(call, keyValue)
      : failure('INTERNAL', { reason: 'kv without a store' }),
  actionOf: ({ name, args: [key] }) => ({
    resource: { type: 'Key', id: resourceId(key) },
    attributes: { op: name.slice('kv.'.length) },
  }),
};

async function serveKeyValue(
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
