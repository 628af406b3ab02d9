/** A nats-server with a configuration that an operator keeps, as a test wants it; and certificates for one. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, realPorts, realProcesses } from '../../src/host/index.ts';
import { type NatsServer, startNatsServer } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { recordingLog } from './systems.ts';

export async function startOperated(
  lines: (folder: string) => readonly string[],
): Promise<NatsServer & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-operated-'));
  const config = ['# Ours.', 'host: "127.0.0.1"', 'port: -1', ...lines(folder)];
  await writeFile(join(folder, 'nats-server.conf'), `${config.join('\n')}\n`);
  const wanted = { program: 'nats-server', debianPackage: 'nats-server' };
  const program = valueIn(await findProgram(wanted));
  const ports = { ...realPorts, processes: realProcesses, log: recordingLog().log };
  const server = valueIn(await startNatsServer({ ...ports, program, dataDir: folder }));
  const close = async (): Promise<void> => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, folder, close };
}

export const jetStreamIn = (folder: string): string =>
  `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`;

/** For `localhost`, signed by itself. */
export function certificateIn(folder: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const args = ['req', '-x509', ...made, '-keyout', key, '-out', cert, ...subject];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { key, cert };
}

export const tlsIn = ({ key, cert }: { readonly key: string; readonly cert: string }): string =>
  `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`;
