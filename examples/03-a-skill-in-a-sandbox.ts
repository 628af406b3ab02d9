// Teaches: a node runs a skill that nobody has to trust; its outcome is a value, whatever the skill does.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { startNode } from 'skein';

const node = await startNode({ dataDir: 'memory', threads: 1 });
assert(node.ok, node.ok ? '' : node.error.message);

const hello = await node.value.execute({
  target: { kind: 'skill', skill: 'hello' },
  input: { name: 'Ada' },
});
assert(hello.ok);
assert.deepEqual(hello.value, { greeting: 'Hello, Ada!' });

const folder = fileURLToPath(new URL('./skills/endless', import.meta.url));
const endless = await node.value.execute({ target: { kind: 'skill', skill: folder } });
assert(!endless.ok);
assert.equal(endless.error.code, 'SKILL_CPU_EXCEEDED');

console.log(`${JSON.stringify(hello.value)}\n${endless.error.message}`);
await node.value.close();
