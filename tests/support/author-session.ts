/**
 * An author's session with the commands as a person types them, against a group of node processes: from an empty folder to a skill
 * that runs on every node, then what is refused, and a node that is killed. For the end-to-end test and `npm run author-session`.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, finished, skein, startSkein } from './skein-command.ts';
import { until } from './until.ts';

export interface SessionStep {
  readonly what: string;
  readonly elapsedMs: number;
  /** What a person sees of it, in a line. */
  readonly shown: string;
}

export interface SessionOptions {
  readonly nodes: number;
  /** Ends after a tampered package and a yank: what else is refused has tests of its own. */
  readonly isShort?: boolean;
  readonly onStep?: (step: SessionStep) => void;
}

const HANDLER = `import type { Handler } from './skill-types.d.ts';

const shout: Handler = async ({ name, times = 1 }, ctx) => {
  ctx.log.info('shouting', { name });
  return { greeting: \`Hello, \${name.toUpperCase()}\${'!'.repeat(times)}\` };
};

export default shout;
`;
const READY_MS = 180_000;

export async function authorSession({
  nodes,
  isShort = false,
  onStep = () => undefined,
}: SessionOptions): Promise<readonly SessionStep[]> {
  const folder = mkdtempSync(join(tmpdir(), 'skein-author-'));
  const data = join(folder, 'operator');
  const skill = join(folder, 'author', 'shout');
  const file = (version: string): string => join(folder, 'author', `shout-${version}.skein.json`);
  const key = join(folder, 'author', 'signer.key');
  mkdirSync(join(folder, 'author'));
  const steps: SessionStep[] = [];
  const step = async (what: string, act: () => Promise<string>): Promise<void> => {
    const startMs = performance.now();
    const shown = await act();
    const done = { what, elapsedMs: performance.now() - startMs, shown };
    steps.push(done);
    onStep(done);
  };
  const does = async (...args: readonly string[]): Promise<Finished> => {
    const done = await skein(args, data);
    assert.equal(done.code, 0, `skein ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done;
  };
  const refuses = async (code: string, ...args: readonly string[]): Promise<string> => {
    const done = await skein(args, data);
    assert.notEqual(done.code, 0, `skein ${args.join(' ')} was taken`);
    assert.match(done.stderr, new RegExp(`^error ${code}: `, 'm'));
    return firstLine(done.stderr);
  };
  const edit = (name: string, from: string, to: string): void => {
    const text = readFileSync(join(skill, name), 'utf8');
    assert.ok(text.includes(from), `${name} has no ${from}`);
    writeFileSync(join(skill, name), text.replace(from, to));
  };
  const pack = (version: string) => does('skills', 'pack', skill, '--out', file(version));
  const runAt = async (name: string, wanted: string): Promise<string> => {
    const input = '{"name":"Ada","times":3}';
    const at = join(data, 'nodes', name);
    const { stdout, stderr } = await skein(['run', wanted, '--input', input, '--json'], at);
    const outcome = JSON.parse(stdout || '{}') as {
      readonly ok?: boolean;
      readonly value?: unknown;
      readonly spans?: readonly { readonly name: string; readonly thread: string }[];
    };
    assert.equal(outcome.ok, true, `${wanted} on ${name}: ${stdout}${stderr}`);
    assert.deepEqual(outcome.value, { greeting: 'Hello, ADA!!!' });
    const ran = outcome.spans?.find((span) => span.name.startsWith('sandbox call'))?.thread ?? '';
    // A busy node has it done by another, whose name is then before that of the thread.
    const place = ran.includes('/') ? ran : `its thread ${ran}`;
    return `asked ${name}; run on ${place}; gives ${JSON.stringify(outcome.value)}`;
  };

  const up = startSkein(['up', '--nodes', String(nodes), '--threads', '1'], data);
  const ended = finished(up);
  let said = '';
  up.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  try {
    await step('the operator starts the cluster', async () => {
      const isOver = ended.then(() => true);
      await until(
        'the group is ready',
        async () => said.includes('Ctrl-C ends them all') || Promise.race([isOver, false]),
        READY_MS,
      );
      return said.split('\n').find((line) => line.includes('are ready after')) ?? said;
    });
    await step('init', async () => firstLine((await does('skills', 'init', skill)).stdout));
    await step('test', async () => lastLine((await does('skills', 'test', skill)).stdout));
    await step('edit the function alone; test says what no longer fits', () => {
      writeFileSync(join(skill, 'index.ts'), HANDLER);
      return refuses('SKILL_BUILD_FAILED', 'skills', 'test', skill);
    });
    await step('edit manifest, example and test; test', async () => {
      const manifest = JSON.parse(readFileSync(join(skill, 'skill.json'), 'utf8'));
      manifest.version = '1.0.0';
      manifest.input.properties.times = { type: 'integer', minimum: 1, maximum: 9 };
      manifest.examples = [{ input: { name: 'Ada' }, output: { greeting: 'Hello, ADA!' } }];
      writeFileSync(join(skill, 'skill.json'), JSON.stringify(manifest, null, 2));
      edit('index.test.ts', 'Hello, Ada!', 'Hello, ADA!');
      return lastLine((await does('skills', 'test', skill)).stdout);
    });
    await step('pack', async () => (await pack('1.0.0')).stdout.trim().split('\n').join('; '));
    await step('keygen; the operator trusts the key', async () => {
      const made = JSON.parse((await does('skills', 'keygen', key, '--json')).stdout);
      const signers = `signers:\n  - name: ada\n    publicKey: ${made.publicKey}\n    skills: [shout]\n`;
      writeFileSync(join(data, 'trusted-signers.yaml'), signers);
      return `key ${made.keyid.slice(0, 12)} may sign shout`;
    });
    await step('sign', async () =>
      firstLine((await does('skills', 'sign', file('1.0.0'), '--key', key)).stdout),
    );
    await step('publish', async () =>
      firstLine((await does('skills', 'publish', file('1.0.0'))).stdout),
    );
    const names = Array.from({ length: nodes }, (_, at) => `n${at + 1}`);
    for (const name of names) await step(`run on ${name}`, () => runAt(name, 'shout@^1'));

    await step('refused: a package that was tampered with', async () => {
      const envelope = JSON.parse(readFileSync(file('1.0.0'), 'utf8'));
      const payload = Buffer.from(envelope.payload, 'base64').toString().replace('Hello', 'Hullo');
      envelope.payload = Buffer.from(payload).toString('base64');
      writeFileSync(file('bent'), JSON.stringify(envelope));
      return refuses('PACKAGE_TAMPERED', 'skills', 'publish', file('bent'));
    });
    await step('yank: a range no longer finds it', async () => {
      await does('skills', 'yank', 'shout@1.0.0', '--reason', 'too loud');
      return refuses('SKILL_NOT_FOUND', 'run', 'shout@^1', '--input', '{"name":"Ada"}');
    });
    if (isShort) return steps;
    await step('refused: a key that nobody trusts', async () => {
      edit('skill.json', '"version": "1.0.0"', '"version": "1.1.0"');
      await pack('1.1.0');
      const other = join(folder, 'author', 'other.key');
      await does('skills', 'keygen', other);
      await does('skills', 'sign', file('1.1.0'), '--key', other);
      return refuses('SIGNATURE_REFUSED', 'skills', 'publish', file('1.1.0'));
    });
    await step('refused: an older version', async () => {
      edit('skill.json', '"version": "1.1.0"', '"version": "0.9.0"');
      await pack('0.9.0');
      await does('skills', 'sign', file('0.9.0'), '--key', key);
      return refuses('VERSION_REFUSED', 'skills', 'publish', file('0.9.0'));
    });
    await step('n1 is killed with -9, starts again, and runs it', async () => {
      const pid = () => pidOf(data);
      const before = await pid();
      process.kill(before ?? 0, 'SIGKILL');
      await until(
        'n1 is back',
        async () => {
          const now = await pid();
          return now !== undefined && now !== before;
        },
        READY_MS,
      );
      return runAt('n1', 'shout@1.0.0');
    });
    return steps;
  } finally {
    up.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of n1, while it is ready. */
async function pidOf(data: string): Promise<number | undefined> {
  const { code, stdout } = await skein(['status', '--json'], data);
  if (code !== 0) return undefined;
  const { nodes } = JSON.parse(stdout) as {
    readonly nodes: readonly {
      readonly name: string;
      readonly state: string;
      readonly pid: number;
    }[];
  };
  const found = nodes.find(({ name }) => name === 'n1');
  return found?.state === 'ready' ? found.pid : undefined;
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
