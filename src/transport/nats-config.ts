/**
 * The configuration of a nats-server of Skein's own. An operator may keep one: a file that does not begin with the line that Skein
 * writes is used as it is. https://docs.nats.io/running-a-nats-service/configuration
 */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const CONFIG_FILE = 'nats-server.conf';
/** Whoever keeps the file changes this line. */
export const CONFIG_FIRST_LINE =
  '# Written by Skein at each start of its nats-server. Change this line, and Skein uses the file as it is.';

export interface ServerAccess {
  /** The cluster whose subjects the user may use. */
  readonly cluster: string;
  /** Public nkey. */
  readonly user: string;
}

export interface ServerConfig {
  readonly dataDir: string;
  /** -1: a free one. */
  readonly port: number;
  /** Undefined: whoever reaches the port may do anything. */
  readonly access: ServerAccess | undefined;
}

/** What JetStream and requests need besides the cluster's own subjects. */
const publishes = (cluster: string): readonly string[] => [
  `skein.${cluster}.>`,
  '$JS.API.>',
  '$JS.ACK.>',
  '$KV.>',
  '$O.>',
  '_INBOX.>',
];
const subscribes = (cluster: string): readonly string[] => [`skein.${cluster}.>`, '_INBOX.>'];

export function serverConfig({ dataDir, port, access }: ServerConfig): string {
  const list = (subjects: readonly string[]): string =>
    subjects.map((subject) => JSON.stringify(subject)).join(', ');
  const authorization = access && [
    'authorization {',
    '  users: [',
    '    {',
    `      nkey: ${access.user}`,
    '      permissions: {',
    `        publish: { allow: [${list(publishes(access.cluster))}] }`,
    `        subscribe: { allow: [${list(subscribes(access.cluster))}] }`,
    '      }',
    '    }',
    '  ]',
    '}',
  ];
  const lines = [
    CONFIG_FIRST_LINE,
    `host: "127.0.0.1"`,
    `port: ${port}`,
    'max_payload: 1MB',
    'max_pending: 64MB',
    ...(authorization ?? []),
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(dataDir, 'jetstream'))}`,
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** Writes the file unless an operator keeps it. @throws what the file system threw */
export async function writeServerConfig(
  config: ServerConfig,
): Promise<{ readonly file: string; readonly isKept: boolean }> {
  const file = join(config.dataDir, CONFIG_FILE);
  const found = await readFile(file, 'utf8').catch((thrown: { readonly code?: string }) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (found !== undefined && found.trim() !== '' && found.split('\n')[0] !== CONFIG_FIRST_LINE)
    return { file, isKept: true };
  await writeFile(file, serverConfig(config), { mode: 0o600 });
  await chmod(file, 0o600);
  return { file, isKept: false };
}
