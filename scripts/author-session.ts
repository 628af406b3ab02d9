/**
 * `npm run author-session`: from an empty folder to a signed skill that runs on every node of a cluster, then what is refused and a node
 * that is killed, each with its time. Ends with 1 at the first step that does not do what it should.
 *
 *     --nodes=N     of the cluster, 3 by default
 */
import { parseArgs } from 'node:util';
import { authorSession } from '../tests/support/author-session.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '3' } } });

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`.padStart(9);
const steps = await authorSession({
  nodes: Number(values.nodes),
  onStep: ({ what, elapsedMs, shown }) =>
    process.stdout.write(`${seconds(elapsedMs)}  ${what}\n             ${shown}\n`),
});
const own = steps.slice(
  1,
  steps.findIndex(({ what }) => what.startsWith('refused')),
);
const sumMs = own.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
process.stdout.write(`${seconds(sumMs)}  from the empty folder to a run on every node\n`);
