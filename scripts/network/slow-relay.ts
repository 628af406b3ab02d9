/**
 * A TCP relay that holds every byte back for a while, in both directions: distance, where the kernel has no netem. Order is kept.
 *
 *     node scripts/network/slow-relay.ts LISTEN_HOST LISTEN_PORT TARGET_HOST TARGET_PORT DELAY_MS
 */
import { connect, createServer, type Socket } from 'node:net';

const [, , host = '', port = '', targetHost = '', targetPort = '', delay = ''] = process.argv;
const delayMs = Number(delay);

function pour(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  // Either end may be cut: the other learns of it, late as of everything.
  from.on('error', () => undefined);
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
}

createServer((near) => {
  const far = connect(Number(targetPort), targetHost);
  pour(near, far);
  pour(far, near);
}).listen(Number(port), host, () => process.stdout.write('{"ready":"relay"}\n'));
process.stdin.resume();
process.stdin.on('close', () => process.exit(0));
