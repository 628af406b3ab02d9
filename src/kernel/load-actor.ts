/** Loads an actor's definition from its module, on the thread that is to run it. */
import { SkeinException, skeinError } from '../contracts/index.ts';
import type { AnyDefinition } from './actor.ts';
import type { ActorModule } from './children.ts';

const isDefinition = (value: unknown): value is AnyDefinition => {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, initial, receive } = value as Partial<AnyDefinition>;
  return typeof kind === 'string' && typeof initial === 'function' && typeof receive === 'object';
};

export async function loadActor({
  url,
  exportName = 'default',
}: ActorModule): Promise<AnyDefinition> {
  const module = (await import(url)) as Record<string, unknown>;
  const found = module[exportName];
  if (isDefinition(found)) return found;
  const reason = `${url} does not export an actor definition as ${exportName}`;
  throw new SkeinException(skeinError('SPAWN_FAILED', { actor: url, reason }));
}
