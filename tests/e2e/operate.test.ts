/** What an operator types: doctor, validate, nuke, beside a node that runs and after it. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readGreeting } from '../../src/host/index.ts';
import { dataDir, finished, root, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
afterAll(() => data.remove());

const reportsOf = (command: string): readonly string[] =>
  readdirSync(join(data.path, 'reports')).filter((file) => file.startsWith(`${command}-`));

/** Of nats-server, as the configuration says that Skein wrote. */
const natsPort = (): number => {
  const config = readFileSync(join(data.path, 'nats/nats-server.conf'), 'utf8');
  return Number(/^port: (\d+)$/m.exec(config)?.[1]);
};

async function withNode(
  work: () => Promise<void>,
  end: 'SIGINT' | 'SIGKILL' = 'SIGINT',
): Promise<void> {
  const args = ['up', '--json', '--cluster', 'operated', '--threads', '1'];
  const node = startSkein(args, data.path);
  let said = '';
  node.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = finished(node);
  try {
    await until('the node is ready', () => said.includes('"ready"'));
    await work();
  } finally {
    node.kill(end);
    await ended;
  }
}

/** At a terminal, with what is typed there. */
const atTerminal = (args: readonly string[], typed: string) => {
  const words = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    'bin/skein.js',
    ...args,
  ];
  const { stdout, status } = spawnSync('script', ['-qec', words.join(' '), '/dev/null'], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', SKEIN_DATA_DIR: data.path },
    input: `${typed}\n`,
    encoding: 'utf8',
  });
  return { stdout, status };
};

describe('the operator’s commands', () => {
  it('find a running node well, and keep their reports; it is not removed under its feet', async () => {
    await withNode(async () => {
      const doctor = await skein(['doctor', '--json'], data.path);
      expect(doctor.code, doctor.stdout).toBe(0);
      const { checks, failing, report } = JSON.parse(doctor.stdout);
      expect(failing).toBeNull();
      expect(checks.filter((check: { verdict: string }) => check.verdict === 'ok')).toHaveLength(
        15,
      );
      expect(readFileSync(report.md, 'utf8')).toContain('# skein doctor: done');
      expect(JSON.parse(readFileSync(report.json, 'utf8'))).toMatchObject({ command: 'doctor' });
      const valid = await skein(['validate'], data.path);
      expect(valid.code, valid.stdout).toBe(0);
      expect(valid.stdout).toMatch(/pass node {13}n-\w+ is ready/);
      expect(reportsOf('validate')).toHaveLength(2);
      const nuke = await skein(['nuke', '--yes'], data.path);
      expect(nuke).toMatchObject({ code: 2, stderr: expect.stringContaining('NODE_RUNNING') });
      expect(existsSync(join(data.path, 'journal.db'))).toBe(true);
    });
  });

  it('name what fails, with the exit code that fits', async () => {
    const away = await skein(['doctor', '--nats', 'nats://127.0.0.1:9'], data.path);
    expect(away.code).toBe(3);
    expect(away.stdout).toMatch(/FAIL {4}server/);
    expect(away.stdout).toMatch(/failing server\. Start nats-server there/);
    truncateSync(join(data.path, 'journal.db'), 5_000);
    const broken = await skein(['validate', '--json'], data.path);
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout).failed).toEqual(['journal']);
  });

  it('a node that is killed takes its nats-server along', async () => {
    for (const name of readdirSync(data.path))
      if (/^journal\.db/.test(name)) rmSync(join(data.path, name));
    await withNode(async () => {
      expect((await readGreeting({ host: '127.0.0.1', port: natsPort() })).ok).toBe(true);
    }, 'SIGKILL');
    await until('nobody listens any more', async () => {
      return !(await readGreeting({ host: '127.0.0.1', port: natsPort() })).ok;
    });
  });

  it('nuke asks for the name of the directory, and takes no other answer', async () => {
    const before = readdirSync(data.path, { recursive: true });
    const unasked = await skein(['nuke'], data.path);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const dry = await skein(['nuke', '--dry-run'], data.path);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('nothing was removed');
    const wrong = atTerminal(['nuke'], 'yes');
    expect(wrong.status, wrong.stdout).toBe(2);
    expect(readdirSync(data.path, { recursive: true })).toEqual(before);
  });

  it('nuke removes what Skein made and leaves a foreign file alone', async () => {
    const mine = join(data.path, 'nats/mine.txt');
    writeFileSync(mine, 'mine');
    const name = data.path.split('/').at(-1) ?? '';
    const { status, stdout } = atTerminal(['nuke'], name);
    expect(status, stdout).toBe(0);
    expect(stdout).toContain(`left alone, not made by Skein: ${mine}`);
    expect(stdout).toMatch(/removed \d+ files and \d+ folders, \d+ bytes/);
    expect(readdirSync(data.path, { recursive: true }).sort()).toEqual(['nats', 'nats/mine.txt']);
    const kept = dataDir();
    const again = await skein(['nuke', '--yes', '--json', '--report', kept.path], data.path);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, files: 0, foreign: [mine] });
    expect(readdirSync(join(kept.path, 'reports'))).toHaveLength(2);
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    kept.remove();
  });
});
