/**
 * The far side of a benchmark between two processes, with the nats-server that both use. It tells its parent the server's URL
 * when it is ready, and ends, with the server, when its parent does.
 */
import { rmSync } from 'node:fs';
import { startTestNats } from '../../../tests/support/nats.ts';
import { adder, counter } from '../../threads/parts/actors.ts';
import { type FarKind, isDirect } from './far-kind.ts';
import { startFarBroker } from './moleculer-pair.ts';
import { respond } from './raw-nats.ts';
import { joinedSystem } from './skein-node.ts';

const nats = await startTestNats();
// However this process ends, its server does not outlive it.
process.once('exit', () => {
  const pid = nats.pid();
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  rmSync(nats.dataDir, { recursive: true, force: true, maxRetries: 5 });
});
process.once('disconnect', () => process.exit(0));
// The parent may have ended while the server started: then nothing says so any more.
if (!process.connected) process.exit(0);
const kind = process.argv[2] as FarKind;
if (kind === 'raw NATS') await respond(nats.url);
else if (kind === 'Moleculer') await startFarBroker(nats.url);
else {
  const { system } = await joinedSystem('far', nats.url, isDirect(kind));
  system.spawn(counter, undefined, { name: 'counter' });
  system.spawn(adder, undefined, { name: 'adder' });
}
process.send?.(nats.url);
