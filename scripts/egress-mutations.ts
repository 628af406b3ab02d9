/** `npm run test:egress [-- --count 20000 --seed S]`: mutated URLs read by the guard, the policy, the resolver, the dialler and real servers. */
import { compareReaders, compareWithServers } from '../tests/support/egress-agreement.ts';

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(name);
  return (at < 0 ? undefined : process.argv[at + 1]) ?? otherwise;
};
const count = Number(option('--count', '20000'));
const seed = option('--seed', '1');
/** One in ten is dialled for real besides. */
const reports = [
  { with: 'played', ...(await compareReaders(count, seed)) },
  { with: 'servers', ...(await compareWithServers(Math.ceil(count / 10), seed)) },
];
let isHeld = true;
for (const report of reports) {
  const { disagreements, ...figures } = report;
  process.stdout.write(
    `${JSON.stringify({ ...figures, disagreements: disagreements.length, first: disagreements.slice(0, 5) })}\n`,
  );
  isHeld &&= disagreements.length === 0 && report.strayQueries === 0 && report.allowed > 0;
}
process.exit(isHeld ? 0 : 1);
