/** `npm run test:jail [-- --swaps 2000]`: a folder of a workspace is swapped for a link to the outside while skills' files are served. */
import { raceAgainstJail } from '../tests/support/jail-race.ts';

const at = process.argv.indexOf('--swaps');
const swaps = at < 0 ? 2_000 : Number(process.argv[at + 1]);
const report = await raceAgainstJail(swaps);
process.stdout.write(`${JSON.stringify(report)}\n`);
const isHeld =
  report.swaps === swaps &&
  report.canaries === 0 &&
  report.canaryIntact &&
  report.outside.join() === 'mark,secret.txt';
process.exit(isHeld ? 0 : 1);
