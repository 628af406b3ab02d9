/** Loads an actor's definition from its module, on the thread that is to run it. */
import { SkeinException, skeinError } from '../contracts/index.ts';
import type { AnyDefinition } from './actor.ts';
import type { ActorModule } from './children.ts';

const isDefinition = (value: unknown): value is AnyDefinition => {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, initial, receive } = value as Partial<AnyDefinition>;
  return typeof kind === 'string' && typeof initial === 'function' && typeof receive === 'object';
};

type Exports = Readonly<Record<string, unknown>>;

const atHand = new Map<string, Exports>();

/** Modules that need no loading: on virtual time nothing may wait for a disk. */
export function provideModule(url: string, module: Exports): void {
  atHand.set(url, module);
}

export async function loadActor({
  url,
  exportName = 'default',
}: ActorModule): Promise<AnyDefinition> {
  const module = atHand.get(url) ?? ((await import(url)) as Exports);
  const found = module[exportName];
  if (isDefinition(found)) return found;
  const reason = `${url} does not export an actor definition as ${exportName}`;
  throw new SkeinException(skeinError('SPAWN_FAILED', { actor: url, reason }));
}
