import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checker } from '../../src/contracts/index.ts';
import { LogLineSchema } from '../../src/telemetry/index.ts';
import { type Prometheus, promtoolComplaints, startPrometheus } from '../support/prometheus.ts';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
const logLines: string[] = [];
const correlationIds: string[] = [];
let node: ChildProcess;
let url = '';
let prometheus: Prometheus;

beforeAll(async () => {
  node = startSkein(['up', '--json', '--metrics-port', '0', '--log', 'debug'], data.path);
  let said = '';
  node.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  node.stderr?.on('data', (chunk) => logLines.push(...String(chunk).split('\n').filter(Boolean)));
  url = await until('the node is ready', () => /"metricsUrl":"([^"]+)"/.exec(said)?.[1]);
  const runs = [
    'examples/plans/hello.yaml',
    'examples/plans/hello.yaml',
    'examples/skills/endless',
  ];
  for (const target of runs) {
    const { stdout } = await skein(['run', target, '--json'], data.path);
    correlationIds.push(JSON.parse(stdout).correlationId);
  }
  prometheus = await startPrometheus(url, join(data.path, 'prometheus'));
});

afterAll(async () => {
  await prometheus?.stop();
  const ended = finished(node);
  node.kill('SIGINT');
  await ended;
  data.remove();
});

describe('metrics', () => {
  it('satisfy promtool, and each family has help, a type and base units', async () => {
    const scrape = await (await fetch(url)).text();
    expect(await promtoolComplaints(scrape)).toBe('');
    const families = [...scrape.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
    expect(families.length).toBeGreaterThan(10);
    for (const family of families) {
      expect(family).toMatch(/^skein_/);
      expect(family).not.toMatch(/_(ms|milliseconds|kb|mb)(_|$)/);
      expect(scrape).toContain(`# HELP ${family} `);
    }
  });

  it('reach a Prometheus: calls, errors, latency, cost and failures, by skill', async () => {
    const series = (query: string) =>
      until(query, async () => {
        const found = await prometheus.query(query);
        return found.length > 0 && found;
      });
    const calls = await series('skein_calls_total{skill="hello"}');
    expect(calls).toMatchObject([{ value: 2 }]);
    const errors = await series('skein_errors_total');
    expect(errors).toMatchObject([{ labels: { skill: 'endless' }, value: 1 }]);
    expect(errors[0]?.labels.code).toMatch(/^SKILL_(CPU|WALL)|^LIMIT/);
    const count = await series('skein_call_duration_seconds_count{skill="hello"}');
    expect(count).toMatchObject([{ value: 2 }]);
    const [cost] = await series('skein_cost_cpu_seconds_total{skill="endless"}');
    expect(cost?.value).toBeGreaterThan(0.01);
    const runs = await series('skein_runs_total{code="OK"}');
    expect(runs).toMatchObject([{ value: 2 }]);
    const threads = await series('skein_actors');
    expect(threads.map(({ labels }) => labels.thread).sort()).toEqual(['main', 't1', 't2']);
    for (const way of ['skein_epoch_propagation_seconds', 'skein_dispatch_seconds']) {
      const counts = await series(`${way}_count`);
      expect(counts.every(({ value }) => value > 0)).toBe(true);
      const [slowest] = await series(`histogram_quantile(0.5, sum by (le) (${way}_bucket))`);
      expect(slowest?.value).toBeGreaterThan(0);
    }
  });

  it('answer nothing but GET /metrics', async () => {
    const answer = await fetch(new URL('/other', url));
    expect(answer.status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  it('have a port that is taken refused with the port named', async () => {
    const other = dataDir();
    const port = new URL(url).port;
    const { code, stdout } = await skein(['up', '--json', '--metrics-port', port], other.path);
    other.remove();
    expect(code).toBe(2);
    expect(stdout).toContain('PORT_UNAVAILABLE');
    expect(stdout).toContain(port);
  });
});

describe('log lines', () => {
  it('all fit the schema, and those of a request carry its correlation ID', async () => {
    const check = checker(LogLineSchema);
    await until('the greetings are logged', () => greetings().length >= 2);
    for (const line of logLines) expect([line, check(JSON.parse(line)).ok]).toEqual([line, true]);
    for (const { correlationId } of greetings()) expect(correlationIds).toContain(correlationId);
    const ofSkills = logLines.map((line) => JSON.parse(line)).filter(({ skill }) => skill);
    expect(ofSkills.every(({ correlationId }) => correlationIds.includes(correlationId))).toBe(
      true,
    );
  });
});

const greetings = () =>
  logLines
    .map((line) => JSON.parse(line) as { message: string; correlationId: string })
    .filter(({ message }) => message.includes('greeting'));
