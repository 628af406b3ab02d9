/** The way to NATS: does anybody answer, in the clear or not, does it let this node in, and does it take its packets? */
import { type SkeinError, success } from '../../contracts/index.ts';
import { readGreeting } from '../../host/index.ts';
import {
  dialNats,
  isTlsWanted,
  natsInfoIn,
  PAYLOAD_BYTES_MIN,
  withoutPassword,
} from '../../transport/index.ts';
import {
  type Check,
  type Finding,
  fail,
  NO_CLUSTER,
  ok,
  type Patient,
  skipped,
  warn,
} from './check.ts';

const DEFAULT_PORT = 4222;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

export const serverCheck: Check = {
  layer: 'server',
  needs: [],
  look: async (patient) => {
    const { access } = patient;
    if (!access) return skipped(NO_CLUSTER);
    const shown = withoutPassword(access.url);
    if (!URL.canParse(access.url))
      return fail(`${shown} is no URL`, 'Write it as nats://HOST:PORT or tls://HOST:PORT.');
    const { hostname, port } = new URL(access.url);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const greeting = await readGreeting({ host, port: Number(port || DEFAULT_PORT) });
    if (!greeting.ok) {
      const { reason } = greeting.error.details as { readonly reason: string };
      return fail(
        `no server answers at ${shown}: ${reason}`,
        'Start nats-server there, or correct the address in --nats; a firewall may be between.',
      );
    }
    const { line } = greeting.value;
    const info = line === undefined ? undefined : natsInfoIn(line);
    if (!info)
      return fail(
        `what listens at ${shown} does not speak as a NATS server does`,
        'Correct the port in --nats: it takes the one for clients, not the one for monitoring or routes.',
      );
    patient.info = info;
    return ok(`nats-server ${info.version} at ${shown}`);
  },
};

export const tlsCheck: Check = {
  layer: 'tls',
  needs: ['server'],
  look: async (patient) => {
    const { access, info } = patient;
    if (!access || !info) return skipped('nothing to look at');
    if (isTlsWanted(access) && !info.isTlsOffered)
      return fail(
        'TLS is expected, and the server speaks without',
        'Give the server a certificate (tls in its configuration), or leave out tls:// and --nats-ca.',
      );
    if (!info.isTlsOffered) {
      const { hostname } = new URL(access.url);
      return LOOPBACK.includes(hostname)
        ? ok('none, on this machine')
        : warn('none: what nodes say can be read on the way', 'Give the server a certificate.');
    }
    const dialled = await dial(patient);
    if (!dialled.ok && layerIn(dialled.error) === 'tls')
      return fail(
        `no TLS with the server: ${reasonIn(dialled.error)}`,
        'Name the authorities that vouch for it with --nats-ca, by the name that its certificate bears.',
      );
    return ok('the server’s certificate is believed');
  },
};

export const credentialsCheck: Check = {
  layer: 'credentials',
  needs: ['server', 'tls'],
  look: async (patient) => {
    const { access, info } = patient;
    if (!access || !info) return skipped('nothing to look at');
    const dialled = patient.nats ? success(patient.nats) : await dial(patient);
    if (!dialled.ok) return refused(patient, dialled.error);
    if (info.isAuthRequired)
      return ok(`accepted${access.credsFile ? `: ${access.credsFile}` : ''}`);
    return warn(
      'the server asks for none: whoever reaches its port may do anything',
      'Switch authentication on in its configuration; a server that Skein starts has it.',
    );
  },
};

function refused({ access }: Patient, error: SkeinError): Finding {
  const without = access?.credsFile === undefined && !access?.url.includes('@');
  const advice = without
    ? 'Name the credentials with --nats-creds; for a server that Skein started it is nats/node.nk in its data directory.'
    : 'Take the credentials that the server knows: --nats-creds, or user and password in the URL.';
  return fail(`the server does not let this node in: ${reasonIn(error)}`, advice);
}

export const payloadCheck: Check = {
  layer: 'payload limit',
  needs: ['credentials'],
  look: async ({ nats, info }) => {
    const bytes = nats?.connection.info?.max_payload ?? info?.maxPayloadBytes ?? 0;
    if (bytes >= PAYLOAD_BYTES_MIN) return ok(`${bytes} bytes a message`);
    return fail(
      `the server takes ${bytes} bytes a message, Skein sends up to ${PAYLOAD_BYTES_MIN}`,
      'Raise max_payload in its configuration to 1MB.',
    );
  },
};

async function dial(patient: Patient) {
  const { access, log } = patient;
  const dialled = await dialNats({ url: '', ...access, name: 'skein doctor', log, isEchoed: true });
  if (dialled.ok) patient.nats = dialled.value;
  return dialled;
}

const reasonIn = ({ details, message }: SkeinError): string =>
  'reason' in details ? String(details.reason) : message;

const layerIn = (error: SkeinError): unknown =>
  'layer' in error.details ? error.details.layer : undefined;
