/**
 * A realm: a fresh isolate and context that has run the prelude and nothing else, and how a skill's module gets into it.
 * One realm serves one run. Nothing of isolated-vm is reachable inside: what goes in is text, what comes out is `post`.
 */
import ivm from 'isolated-vm';
import { ACTOR_LOADER, SKILL_LOADER } from './guest-actor.ts';
import { GUEST_PRELUDE } from './guest-prelude.ts';
import type { Ending, RunFrame } from './host-frames.ts';
import type { RunEntry } from './run-rules.ts';

/** The prelude's functions, the only ways in. */
export type GuestEntry = 'configure' | 'start' | 'deliver' | 'status';

export interface Realm {
  readonly memoryMiB: number;
  readonly isolate: ivm.Isolate;
  readonly guest: Readonly<Record<GuestEntry, ivm.Reference>>;
  readonly context: ivm.Context;
  /** By entry. Each exports what is to be called as `handler`, and `loaded`, readable once the skill's top level has run to its end. */
  readonly loaders: Readonly<Record<RunEntry['kind'], ivm.Module>>;
  /** Where posts of the guest go; set by the run. */
  post: (kind: string, ...parts: string[]) => void;
  /** V8 has lost the isolate; set by the run. */
  catastrophe: () => void;
}

/** Below this isolated-vm makes no isolate. */
const ISOLATE_MIB_MIN = 8;

export function createRealm(memoryMiB: number): Realm {
  const made: { realm?: Realm } = {};
  const isolate = new ivm.Isolate({
    memoryLimit: Math.max(memoryMiB, ISOLATE_MIB_MIN),
    onCatastrophicError: () => made.realm?.catastrophe(),
  });
  const context = isolate.createContextSync();
  const post = new ivm.Callback(
    (kind: string, ...parts: string[]) => made.realm?.post(kind, ...parts),
    { ignored: true },
  );
  const prelude: ivm.Reference = context.evalClosureSync(GUEST_PRELUDE, [post], {
    result: { reference: true },
    filename: 'skein:prelude',
  });
  const entry = (name: GuestEntry): ivm.Reference => prelude.getSync(name, { reference: true });
  made.realm = {
    memoryMiB,
    isolate,
    context,
    guest: {
      configure: entry('configure'),
      start: entry('start'),
      deliver: entry('deliver'),
      status: entry('status'),
    },
    loaders: {
      skill: isolate.compileModuleSync(SKILL_LOADER, { filename: 'skein:loader' }),
      actor: isolate.compileModuleSync(ACTOR_LOADER, { filename: 'skein:loader' }),
    },
    post: () => undefined,
    catastrophe: () => undefined,
  };
  return made.realm;
}

/** Compiles the skill's module and runs its top level. @returns how that ended the run, or nothing when it went well */
export async function loadSkill(frame: RunFrame, realm: Realm): Promise<Ending | undefined> {
  const loader = realm.loaders[frame.entry];
  const refusal = await link(frame.source, loader, realm);
  if (refusal) return refusal;
  await realm.guest.configure.apply(undefined, [JSON.stringify(guestConfig(frame))]);
  try {
    await loader.evaluate();
  } catch (thrown) {
    return { kind: 'threw', ...errorText(thrown) };
  }
  // The top level may await, but nothing outside answers before the handler is called: what is not loaded now never is.
  const loaded = await loader.namespace.get('loaded').catch(() => false);
  return loaded === true ? undefined : { kind: 'never-settled' };
}

async function link(source: string, loader: ivm.Module, realm: Realm): Promise<Ending | undefined> {
  try {
    const module = await realm.isolate.compileModule(source, { filename: 'skill.js' });
    const [imported] = module.dependencySpecifiers;
    if (imported !== undefined) {
      return { kind: 'refused', reason: `it imports ${imported.slice(0, 200)}` };
    }
    await loader.instantiate(realm.context, (specifier) => {
      if (specifier === 'skill') return module;
      throw new Error('there is nothing to import');
    });
    return undefined;
  } catch (thrown) {
    return { kind: 'refused', reason: errorText(thrown).message };
  }
}

const guestConfig = ({ entry, seed, startWallMs, log, resources, argumentCap }: RunFrame) => ({
  missing: entry === 'skill' ? 'the default export is not a function' : 'it exports no `actor`',
  seed,
  startWallMs,
  log,
  hostCalls: resources.hostCalls,
  hostCallsInFlight: resources.hostCallsInFlight,
  hostCallsPerSecond: resources.hostCallsPerSecond,
  argumentCap,
  logCap: { bytes: resources.logBytes, depth: 8, nodes: 1_000 },
  outputCap: {
    bytes: resources.outputBytes,
    depth: resources.outputDepth,
    nodes: resources.outputNodes,
  },
});

/** An error as isolated-vm copied it into this realm: an Error of ours with text, or nothing at all. */
function errorText(thrown: unknown): { name: string; message: string; stack?: string } {
  if (!(thrown instanceof Error)) {
    return { name: typeof thrown, message: `threw ${String(thrown)}`.slice(0, 1_000) };
  }
  const [stack = ''] = String(thrown.stack ?? '').split('(<isolated-vm boundary>)', 1);
  return {
    name: String(thrown.name).slice(0, 100),
    message: String(thrown.message).slice(0, 1_000),
    stack: stack.replace(/\n\s*at\s*$/, '').slice(0, 4_000),
  };
}
