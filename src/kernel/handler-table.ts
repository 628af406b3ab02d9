/** Handlers of a definition by behaviour and type, without a prototype: a message named `toString` finds nothing. */
import type { AnyDefinition, Handler } from './actor.ts';

export type HandlerTable = { readonly [type: string]: Handler<unknown> };
type Tables = { readonly [behaviour: string]: HandlerTable };

const known = new WeakMap<AnyDefinition, Tables>();

const bare = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.assign(Object.create(null), entries);

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
