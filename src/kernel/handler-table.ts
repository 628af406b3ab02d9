/** Handlers of a definition by behaviour and type, without a prototype: a message named `toString` finds nothing. */
import type { AnyDefinition, Handler } from './actor.ts';

export type HandlerTable = { readonly [type: string]: Handler<unknown> | undefined };
type Tables = { readonly [behaviour: string]: HandlerTable | undefined };

const known = new WeakMap<AnyDefinition, Tables>();

/** Objects made by a constructor keep fast properties; those of `Object.create(null)` are hash tables to the engine. */
function Bare(this: object): void {
  // Everything is in its prototype, which is empty.
}
Bare.prototype = Object.create(null);

const bare = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.assign(new (Bare as unknown as new () => Record<string, T>)(), entries);

export function handlerTables(definition: AnyDefinition): Tables {
  const found = known.get(definition);
  if (found) return found;
  const tables = bare<HandlerTable>({ receive: bare(definition.receive) });
  for (const [name, handlers] of Object.entries(definition.behaviours ?? {})) {
    tables[name] = bare(handlers as Record<string, Handler<unknown>>);
  }
  known.set(definition, tables);
  return tables;
}
