/** What somebody types who has an actor in a package: asked while a node runs and without one, the same state each time. */
import { afterAll, expect, it } from 'vitest';
import { dataDir, finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const data = dataDir();
afterAll(() => data.remove());

const ask = (...args: readonly string[]) => skein(['actors', 'ask', 'basket', ...args], data.path);

it('keeps the basket over commands, a node and its end', async () => {
  expect((await skein(['skills', 'add', 'examples/skills/basket'], data.path)).code).toBe(0);
  const two = await ask('ada', 'add', '{"item":"tea","count":2}');
  expect(two).toMatchObject({ code: 0, stdout: '2\n' });
  const node = startSkein(['up', '--json', '--threads', '1'], data.path);
  let said = '';
  node.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = finished(node);
  try {
    await until('the node is ready', () => said.includes('"ready"'));
    expect((await ask('ada', 'add', '{"item":"cup","count":1}')).stdout).toBe('3\n');
    const listed = await skein(['actors', 'ls', '--json'], data.path);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ skill: 'basket', key: 'ada' }]);
    const wrong = await ask('ada', 'add', '{"item":"cup","count":"many"}');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('count');
  } finally {
    node.kill('SIGKILL');
    await ended;
  }
  expect((await ask('ada', 'list')).stdout).toBe('{"tea":2,"cup":1}\n');
});
