/** A real Prometheus that scrapes one target every 200 ms, with its data in a folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../src/host/index.ts';

export interface Prometheus {
  /** Every series that the query gives, as labels and value. */
  readonly query: (
    query: string,
  ) => Promise<readonly { readonly labels: Record<string, string>; readonly value: number }[]>;
  readonly stop: () => Promise<void>;
}

const found = async (program: string): Promise<string> => {
  const path = await findProgram({ program, debianPackage: 'prometheus' });
  if (!path.ok) throw new Error(path.error.message);
  return path.value;
};

export async function startPrometheus(metricsUrl: string, folder: string): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  const config = {
    global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
    scrape_configs: [
      { job_name: 'skein', static_configs: [{ targets: [new URL(metricsUrl).host] }] },
    ],
  };
  const configFile = join(folder, 'prometheus.yml');
  writeFileSync(configFile, JSON.stringify(config));
  const child = spawn(await found('prometheus'), [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ]);
  const address = await listening(child);
  return {
    query: async (query) => {
      const url = `http://${address}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = (await (await fetch(url)).json()) as {
        readonly data: {
          readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
        };
      };
      return answer.data.result.map(({ metric, value }) => ({
        labels: metric,
        value: Number(value[1]),
      }));
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

function listening(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      const address = /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('close', () => reject(new Error(`prometheus ended: ${said.slice(-500)}`)));
  });
}

/** What `promtool check metrics` has against a scrape; empty when it finds nothing wrong. */
export async function promtoolComplaints(scrape: string): Promise<string> {
  const promtool = await found('promtool');
  return new Promise((resolve) => {
    const child = execFile(promtool, ['check', 'metrics'], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    child.stdin?.end(scrape);
  });
}
