/**
 * Everything that Skein makes in a data directory, by name. What is not on this list is somebody else's, and `skein nuke` leaves
 * it alone. Who makes a new file in the data directory adds it here: tests/integration/runtime/nuke.test.ts compares.
 */
import { CONFIG_FIRST_LINE } from '../../transport/index.ts';

export interface MadeFile {
  readonly kind: 'file';
  readonly name: RegExp;
  readonly by: string;
  /** Skein's only as long as its text begins so: an operator may have taken it over. */
  readonly begins?: string;
}

export interface MadeFolder {
  readonly kind: 'folder';
  readonly name: RegExp;
  readonly by: string;
  /** Read when it is needed, since folders hold folders of their kind. */
  readonly inside: () => readonly Made[];
}

export type Made = MadeFile | MadeFolder;

const file = (name: RegExp, by: string, begins?: string): MadeFile => ({
  kind: 'file',
  name,
  by,
  ...(begins === undefined ? {} : { begins }),
});
const folder = (name: RegExp, by: string, inside: () => readonly Made[]): MadeFolder => ({
  kind: 'folder',
  name,
  by,
  inside,
});

/** A database, what SQLite keeps beside it, and what the handling of damage leaves. */
const database = (name: string): MadeFile =>
  file(
    new RegExp(
      `^${name}\\.db(\\.new|\\.damaged-\\d+(\\.\\d+)?)?(-wal|-shm|-journal|-head|-head\\.partial)?$|^${name}\\.db-recovery(\\.partial)?$`,
    ),
    'stores',
  );

/** The file store of JetStream, 2.9 to 2.12, whose names are the server's. */
const CONSUMER: readonly Made[] = [
  file(/^(meta\.inf|meta\.sum|meta\.key|o\.dat|o\.key)(\.tmp)?$/, 'nats-server'),
];
const STREAM: readonly Made[] = [
  file(/^(meta\.inf|meta\.sum|meta\.key)(\.tmp)?$/, 'nats-server'),
  folder(/^msgs2?$/, 'nats-server', () => [
    file(/^\d+\.(blk|idx|fss|key|new|tmp)$/, 'nats-server'),
    file(/^(index|tav|thw|sched|psim|streamstate)\.(db|idx|key)(\.tmp)?$/, 'nats-server'),
  ]),
  folder(/^obs$/, 'nats-server', () => [folder(/^[\w-]{1,255}$/, 'nats-server', () => CONSUMER)]),
  folder(/^__msgs__$/, 'nats-server', () => [file(/^\d+\.(blk|idx|fss|key)$/, 'nats-server')]),
];
const JETSTREAM: readonly Made[] = [
  folder(/^jetstream$/, 'nats-server', () => [
    folder(/^\$G$|^[A-Za-z0-9_-]{1,64}$/, 'nats-server', () => [
      folder(/^(streams|templates)$/, 'nats-server', () => [
        folder(/^(KV|OBJ)_SKEIN_[\w-]+$/, 'nats-server', () => STREAM),
      ]),
    ]),
  ]),
];

const REPORT_TIME = '\\d{4}-\\d\\d-\\d\\dT[\\d.-]+Z';

export const DATA_DIRECTORY: readonly Made[] = [
  database('journal'),
  database('kv'),
  database('state'),
  file(/^node\.key(\.partial)?$/, 'node key'),
  folder(/^halts$/, 'kill switch', () => [
    file(/^[\w.-]+\.json(\.partial|\.damaged)?$/, 'kill switch'),
  ]),
  folder(/^skills$/, 'registry', () => [file(/^[^/@]+@[^/@]+\.json(\.new)?$/, 'registry')]),
  folder(/^nats$/, 'nats-server of our own', () => [
    file(/^nats-server\.conf$/, 'nats-server of our own', `${CONFIG_FIRST_LINE}\n`),
    file(/^node\.nk$/, 'nats-server of our own'),
    folder(/^jetstream$/, 'nats-server', () => JETSTREAM),
  ]),
  folder(/^reports$/, 'reports', () => [
    file(new RegExp(`^[a-z-]+-${REPORT_TIME}\\.(md|json)(\\.new)?$`), 'reports'),
  ]),
  folder(/^nodes$/, 'node group', () => [
    folder(/^[A-Za-z0-9_-]{1,64}$/, 'node group', () => DATA_DIRECTORY),
  ]),
];
