/**
 * No way around the sandbox. Statically: what could run text as code is absent outside `src/sandbox/` or is on a list here
 * with its reason; the path from `execute` to a sandbox host has one file at each gate; and the module that compiles a skill
 * is not loaded by any process but the host. By fault: without host processes no skill runs at all.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sourceFiles, SRC as src } from '../support/sources.ts';

/** Every source file without its comments. */
const sources = new Map(
  sourceFiles().map((file) => [file, withoutComments(readFileSync(join(src, file), 'utf8'))]),
);
const outside = [...sources].filter(([file]) => !file.startsWith('sandbox/'));

function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\*\*?|\*|\/\/)/.test(line))
    .join('\n');
}

/** What must not be outside the sandbox, but for the files named, each with why it may. */
interface Rule {
  readonly what: string;
  readonly pattern: RegExp;
  readonly allowed?: Readonly<Record<string, string>>;
}

const RUNS_TEXT: readonly Rule[] = [
  { what: 'isolated-vm', pattern: /['"`]isolated-vm\b/ },
  { what: 'eval', pattern: /\beval\b\s*[(?)]/ },
  {
    what: 'the Function constructor',
    pattern: /\bFunction\s*\(|\.constructor\s*\(/,
    allowed: {
      'testing/skill-calls.ts':
        'the sandbox’s own encoder in the kit for authors; no node loads it',
      'testing/test-actor.ts': 'the sandbox’s own turn of an actor, in the same kit',
    },
  },
  { what: 'node:vm and its like', pattern: /['"](node:)?(vm|inspector|repl|wasi)(\/\w+)?['"]/ },
  { what: 'WebAssembly', pattern: /\bWebAssembly\b/ },
  {
    what: 'a loader of modules',
    pattern: /\b(createRequire|registerHooks|dlopen|_compile)\b/,
    allowed: {
      'authoring/testing/author-doors.ts':
        'names `skein/testing` in the process of an author’s own tests; no node loads it',
    },
  },
  { what: 'require', pattern: /\brequire\s*\(/ },
  {
    what: 'a dynamic import',
    pattern: /\bimport\s*\(/,
    allowed: {
      'authoring/bundle.ts': 'esbuild, when an author packs; no node loads it',
      'host/thread-entry.ts': 'the main module of a worker thread, named by the supervisor',
      'kernel/load-actor.ts': 'the module of an actor; GATES below has all that are named',
      'testing/load-handler.ts': 'an author’s own skill in the author’s own test; no node loads it',
    },
  },
  {
    what: 'a thread that is started',
    pattern: /\bWorker\b(?! threads)|\bPiscina\b/,
    allowed: {
      'host/threads.ts': 'all with THREAD_MAIN_URL or GOSSIP_MAIN_URL, constants',
      'host/task-pool.ts':
        'sweeps of the simulator; strip-types-task, which parses an author’s TypeScript: constants',
    },
  },
  {
    what: 'child processes',
    pattern: /['"](node:)?child_process['"]/,
    allowed: {
      'host/forbid-ambient.ts': 'takes `spawn` away while a simulation runs',
      'host/find-program.ts': 'fetches a program that tests and examples run beside a node',
      'host/run-program.ts':
        'the TypeScript and the tests of an author, for `skein skills`; no node runs it',
      'host/processes.ts':
        'starts sandbox hosts (sandbox/launch.ts), nodes (node-settings.ts) and nats-server',
    },
  },
];

/** The gates between `execute` and a sandbox host, in order: one file passes each. */
const GATES: readonly Rule[] = [
  {
    what: 'a run is started',
    pattern: /\bexecuteRun\(/,
    allowed: {
      'runtime/execute.ts': 'defines it',
      'runtime/node.ts': '`execute` of the node, which counts runs',
      'chaos/simulated-runs.ts': 'runs of the simulator, whose skills are its own functions',
      'chaos/simulated-delegation.ts': 'the same, with steps on other nodes',
    },
  },
  {
    what: 'a skill is invoked',
    pattern: /'invoke'/,
    allowed: {
      'actors/run-call.ts': 'an attempt of a step',
      'chaos/simulated-delegation.ts': 'the simulator, whose skills are its own functions',
      'actors/delegation/delegator-actor.ts': 'hands the call to the pool of this node',
      'actors/delegation/delegate-actor.ts':
        'hands the call of another node to the pool, under this node’s policy',
      'actors/skill-pool-actor.ts': 'hands the call to a skill actor',
      'actors/module/module-turn.ts': 'a turn of a packaged actor, as a call of the pool',
      'actors/verifier-actor.ts': 're-execution from the tape, through the same pool',
    },
  },
  {
    what: 'the module of an actor on a thread is named',
    pattern: /\.spawnOn\(|\bmodule: [A-Z]{2}/,
    allowed: {
      'actors/skill-pool-actor.ts': 'SKILL_ACTOR, a constant',
      'runtime/sandbox-keepers.ts': 'SANDBOX_KEEPER, a constant',
      'supervisor/supervisor.ts': 'the module of a child spec, which is one of the two',
    },
  },
  {
    what: 'a sandbox is started',
    pattern: /\bstartSandbox\(/,
    allowed: {
      'actors/skill-actor.ts': 'one sandbox a thread',
      'runtime/doctor/node-checks.ts':
        'starts one host to see that it can, and leases it to nobody',
      'authoring/testing/behind-the-wall.ts': 'an author’s examples on the author’s machine',
    },
  },
  {
    what: 'a host is leased',
    pattern: /(?<!killSwitch)\.lease\(/,
    allowed: {
      'actors/skill-actor.ts': 'for one skill of one tenant',
      'authoring/testing/behind-the-wall.ts': 'for the examples of one skill',
    },
  },
  {
    what: 'a skill is run in a host',
    pattern: /\bhost\.run\(/,
    allowed: { 'actors/skill-actor.ts': 'with the contract of the call' },
  },
  {
    what: 'the source text of a skill is read',
    pattern: /(?<!\.\.|\bd|\bHALT_ID)\.source\b/,
    allowed: {
      'skills/package-store.ts': 'compares it with its content hash',
      'skills/registry.ts': 'the same, before each call: what was changed gets no host process',
    },
  },
];

describe.each([
  ['outside src/sandbox there is no', RUNS_TEXT],
  ['one file alone passes where', GATES],
] as const)('%s', (_title, rules) => {
  it.each(rules)('$what', ({ pattern, allowed = {} }) => {
    const found = outside.filter(([, text]) => pattern.test(text)).map(([file]) => file);
    expect(found.sort()).toEqual(Object.keys(allowed).sort());
  });
});

describe('what serves a call of a capability', () => {
  const callers = (pattern: RegExp) =>
    [...sources].filter(([, text]) => pattern.test(text)).map(([file]) => file);

  it('is reached through the gate of the policy alone', () => {
    expect(callers(/\bserveCall\b/).sort()).toEqual([
      'sandbox/capability.ts',
      'sandbox/policy/gate.ts',
    ]);
    expect(callers(/\bCAPABILITIES\b/).sort()).toEqual([
      'sandbox/capabilities/table.ts',
      'sandbox/capability.ts',
    ]);
  });

  it('is asked of that gate by the run of a host alone', () => {
    expect(callers(/\bguardedCall\b/).sort()).toEqual([
      'sandbox/hosted-run.ts',
      'sandbox/policy/gate.ts',
    ]);
  });
});

/** Files that are loaded when `entry` is: imports and re-exports that are not of types alone. */
function loadedBy(...entries: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = sources.get(file) ?? '';
    for (const [, specifier = ''] of text.matchAll(
      /^(?:import|export)\s+(?!type\b)[^;]*?from '(\.[^']+)';/gm,
    ))
      visit(relative(src, join(src, dirname(file), specifier)));
  };
  entries.forEach(visit);
  return seen;
}

it.each([
  "import ivm from 'isolated-vm';",
  'eval(text);',
  '(0, eval)(text);',
  'new Function(text)();',
  'work.constructor(text)();',
  "import { runInThisContext } from 'vm';",
  'new WebAssembly.Module(bytes);',
  "import { createRequire } from 'node:module';",
  'module.require(file);',
  'await import(`data:text/javascript,${text}`);',
  "import { Worker } from 'node:worker_threads';",
  "import { fork } from 'node:child_process';",
])('would find %s', (line) => {
  expect(RUNS_TEXT.filter(({ pattern }) => pattern.test(line))).not.toEqual([]);
});

describe('the module that compiles a skill', () => {
  const importers = [...sources].filter(([, text]) => /from 'isolated-vm'/.test(text));

  it('is one', () => {
    expect(importers.map(([file]) => file)).toEqual(['sandbox/guest-realm.ts']);
  });

  it('is loaded by host processes and by nothing that runs in a node', () => {
    expect(loadedBy('sandbox/host-main.ts')).toContain('sandbox/guest-realm.ts');
    const node = loadedBy(
      'index.ts',
      'testing.ts',
      'cli/main.ts',
      'host/thread-entry.ts',
      'supervisor/thread-main.ts',
      'actors/skill-actor.ts',
      'actors/sandbox-keeper.ts',
    );
    expect(node.size).toBeGreaterThan(100);
    expect(node).toContain('sandbox/host-process.ts');
    expect(
      [...node].filter((file) => /sandbox\/(guest-(realm|run|world)|host-main)/.test(file)),
    ).toEqual([]);
  });
});

describe('a node that may not start processes', () => {
  const runHello = (...flags: readonly string[]) => {
    const program = fileURLToPath(new URL('../support/fault-run-hello.ts', import.meta.url));
    const allowed = ['--allow-fs-read=*', '--allow-worker', '--allow-addons', ...flags];
    const args = ['--disable-warning=ExperimentalWarning', '--permission', ...allowed, program];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return { said: JSON.parse(stdout || '{}'), stderr };
  };

  it('does not start, and runs no skill', () => {
    const { said, stderr } = runHello();
    expect(said, stderr).toMatchObject({ started: false });
    expect(JSON.stringify(said)).not.toContain('Hello');
  });

  it('is stopped by that alone', () => {
    const { said, stderr } = runHello('--allow-child-process');
    expect(said, stderr).toMatchObject({ started: true, outcome: { ok: true } });
  });
});
