/** A program: starts a node in memory, runs `hello`, prints what came of it as JSON. For tests that take something away. */
import { startNode } from '../../src/runtime/index.ts';

const started = await startNode({
  dataDir: 'memory',
  threads: 1,
  log: { level: 'silent', format: 'json' },
});
if (started.ok) {
  const target = { kind: 'skill', skill: 'hello' } as const;
  const outcome = await started.value.execute({ target, input: { name: 'nobody' } });
  process.stdout.write(JSON.stringify({ started: true, outcome }));
  await started.value.close();
} else process.stdout.write(JSON.stringify({ started: false, error: started.error }));
