/** Supervisors with a low restart intensity over children that fail by chance, so that what they do about it can be checked. */
import { type ActorContext, defineActor } from '../kernel/index.ts';
import { type RestartScope, type Strategy, supervisor } from '../supervisor/index.ts';
import type { Fact } from './checker.ts';

export interface BrittleTerms {
  readonly hear: (fact: Fact) => void;
  readonly uniform: () => number;
  readonly isQuiet: () => boolean;
}

interface ChildArgs {
  /** The group that it belongs to, and its place in it from 0. */
  readonly group: string;
  readonly place: number;
  readonly terms: BrittleTerms;
}

export const BRITTLE_INTENSITY = { maxRestarts: 3, windowMs: 5_000 } as const;
const CHILDREN = 3;
const TICK_MS = 400;
const FAILURE_SHARE = 0.05;

const brittleChild = defineActor({
  kind: 'brittle',
  initial: (args: ChildArgs, ctx: ActorContext) => {
    ctx.every('tick', TICK_MS, 'tick');
    args.terms.hear({ kind: 'child started', group: args.group, place: args.place });
    return args;
  },
  receive: {
    tick: ({ group, place, terms }) => {
      if (terms.isQuiet() || terms.uniform() >= FAILURE_SHARE) return;
      terms.hear({ kind: 'child failed', group, place });
      throw new Error('brittle');
    },
  },
});

/** `resume`: nobody is started again, however often one fails. */
const SCOPES = ['one-for-one', 'one-for-all', 'rest-for-one', 'resume'] as const;

function strategyOf(scope: RestartScope | 'resume'): Strategy {
  const intensity = BRITTLE_INTENSITY;
  if (scope !== 'resume') return { scope, intensity };
  return { scope: 'one-for-one', intensity, decide: () => 'resume' };
}

/** A group begins anew with a name of its own each time its supervisor does. */
const brittleGroup = defineActor({
  kind: 'brittle-group',
  initial: (args: { readonly name: string; readonly terms: BrittleTerms }, ctx: ActorContext) => {
    const { terms } = args;
    const scope = SCOPES[Math.floor(terms.uniform() * SCOPES.length)] as (typeof SCOPES)[number];
    const group = `${args.name} ${++groups}`;
    terms.hear({ kind: 'group began', group, scope, children: CHILDREN });
    const strategy = strategyOf(scope);
    const children = Array.from({ length: CHILDREN }, (_, place) => ({
      name: `child-${place}`,
      actor: { definition: brittleChild, args: { group, place, terms } },
    }));
    ctx.spawn(supervisor, { strategy, children }, { name: 'supervisor' });
    return { group, terms };
  },
  receive: {},
  signals: {
    childFailed: (state, exit) => {
      state.terms.hear({ kind: 'group gave up', group: state.group });
      throw new Error(`gave up: ${exit.reason.kind}`);
    },
  },
});

let groups = 0;

/** As a child of a supervisor that bears every failure. */
export function brittleSpec(name: string, terms: BrittleTerms) {
  return { name: 'brittle', actor: { definition: brittleGroup, args: { name, terms } } };
}

export function beginBrittle(): void {
  groups = 0;
}
