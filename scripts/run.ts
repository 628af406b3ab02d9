/** Runs one program after another with its output shown, and stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export function run(
  what: string,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): void {
  process.stdout.write(`\n== ${what}\n`);
  const { status } = spawnSync(file, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    process.stdout.write(`== ${what}: failed\n`);
    process.exit(status ?? 1);
  }
}
