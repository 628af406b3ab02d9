import { expect, it } from 'vitest';
import { authorSession } from '../support/author-session.ts';

it('an author gets from an empty folder to a signed skill that runs on every node', async () => {
  const steps = await authorSession({ nodes: 2, isShort: true });
  expect(steps.filter(({ what }) => what.startsWith('run on'))).toHaveLength(2);
  expect(steps.at(-2)?.shown).toContain('is not what its author packed');
  expect(steps.at(-1)?.shown).toContain('did you mean shout@1.0.0 (yanked)');
});
