/**
 * The named secrets of a node: a file that its owner alone may read, and the environment. Skills name them; the node fills them in.
 * The file is read again when it has changed, so that a secret is replaced without a restart. Each thread has a store of its own, so
 * that no message carries a value.
 *
 *     github: { value: ghp_0123456789, hosts: [api.github.com] }            a file, YAML or JSON, mode 0600
 *     SKEIN_SECRET_GITHUB=ghp_0123456789 SKEIN_SECRET_GITHUB_HOSTS=api.github.com
 */
import fs from 'node:fs';
import Type, { type Static } from 'typebox';
import {
  checker,
  failure,
  LIMITS,
  type Result,
  readDocument,
  reasonOf,
  success,
} from '../../contracts/index.ts';

const NAME = '^[a-z][a-z0-9_-]{0,63}$';
/** What a header may carry. Shorter ones would be found in any answer. */
const VALUE = '^[\\u0021-\\u007e]([\\u0020-\\u007e]{6,4094})[\\u0021-\\u007e]$';
const closed = { additionalProperties: false } as const;

const SecretSchema = Type.Object(
  {
    value: Type.String({ pattern: VALUE }),
    hosts: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
        maxItems: 50,
        description: 'Exact `host` or `host:port` names that it may be sent to; default: none.',
      }),
    ),
    plain: Type.Optional(
      Type.Boolean({ description: 'It may be sent by http too; default: https alone.' }),
    ),
  },
  closed,
);
export const SecretsSchema = Type.Record(Type.String({ pattern: NAME }), SecretSchema, {
  ...closed,
  maxProperties: LIMITS.secrets,
});

export interface Secret extends Omit<Static<typeof SecretSchema>, 'hosts'> {
  readonly hosts: readonly string[];
}

export interface Secrets {
  /** Failure: SECRET_UNAVAILABLE. */
  readonly find: (name: string) => Result<Secret>;
  /** Of all secrets, to be kept out of what skills are told. */
  readonly values: () => readonly string[];
}

export interface SecretSources {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const PREFIX = 'SKEIN_SECRET_';
const HOSTS = '_HOSTS';
const OTHERS = 0o077;
const BYTES_MAX = 1024 * 1024;
const check = checker(SecretsSchema);
const isName = new RegExp(NAME);
const isValue = new RegExp(VALUE);

export class SecretStore implements Secrets {
  readonly #sources: SecretSources;
  #read: Result<ReadonlyMap<string, Secret>> | undefined;
  #version = '';
  /** Values that were secrets before a change too: what was sent to a service may come back later. */
  readonly #values = new Set<string>();

  constructor(sources: SecretSources) {
    this.#sources = sources;
  }

  /** Failure: SECRETS_UNUSABLE. */
  load(): Result<void> {
    const read = this.#current();
    return read.ok ? success(undefined) : read;
  }

  find(name: string): Result<Secret> {
    const read = this.#current();
    if (!read.ok) return unavailable(name, 'the file of secrets cannot be used now');
    const secret = read.value.get(name);
    return secret ? success(secret) : unavailable(name, 'the operator has set none of that name');
  }

  values(): readonly string[] {
    this.#current();
    return [...this.#values];
  }

  #current(): Result<ReadonlyMap<string, Secret>> {
    const { file, env = {} } = this.#sources;
    const version = versionOf(file);
    if (this.#read && version === this.#version) return this.#read;
    this.#version = version;
    const given = fromEnvironment(env);
    const written = given.ok && file !== undefined ? fromFile(file) : success(new Map());
    const read =
      given.ok && written.ok ? success(new Map([...given.value, ...written.value])) : given;
    this.#read = written.ok ? read : written;
    if (this.#read.ok) {
      for (const { value } of this.#read.value.values()) this.#values.add(value);
      for (const value of this.#values) {
        if (this.#values.size <= LIMITS.secrets * 2) break;
        this.#values.delete(value);
      }
    }
    return this.#read;
  }
}

const unavailable = (name: string, reason: string) =>
  failure('SECRET_UNAVAILABLE', { name: name.slice(0, 64), reason });
const unusable = (source: string, reason: string) =>
  failure('SECRETS_UNUSABLE', { source, reason });

/** What changes with the file; a text that never was before when there is none. */
function versionOf(file: string | undefined): string {
  const found =
    file === undefined ? undefined : fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  return found ? [found.dev, found.ino, found.ctimeNs, found.mtimeNs, found.size].join() : 'none';
}

/** Decided on the opened file: what is checked is what is read. No message shows what is in it. */
function fromFile(file: string): Result<ReadonlyMap<string, Secret>> {
  let opened: number | undefined;
  try {
    opened = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const { mode, uid, size, isFile } = factsOf(opened);
    if (!isFile) return unusable(file, 'it is no regular file');
    if ((mode & OTHERS) !== 0) {
      return unusable(
        file,
        `others may read or write it: its mode is ${(mode & 0o777).toString(8)}`,
      );
    }
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && uid !== 0) {
      return unusable(file, 'it belongs to another user');
    }
    if (size > BYTES_MAX) return unusable(file, `it is larger than ${BYTES_MAX} bytes`);
    const document = readDocument(fs.readFileSync(opened, 'utf8'), check);
    if (!document.ok) {
      const { line, pointer, expected } = document.error;
      return unusable(file, `line ${line ?? 1}, ${pointer}: expected ${expected}`);
    }
    return success(
      new Map(
        Object.entries(document.value).map(([name, secret]) => [
          name,
          { ...secret, hosts: secret.hosts ?? [] },
        ]),
      ),
    );
  } catch (thrown) {
    return unusable(file, (thrown as NodeJS.ErrnoException).code ?? reasonOf(thrown));
  } finally {
    if (opened !== undefined) fs.closeSync(opened);
  }
}

const factsOf = (opened: number) => {
  const stats = fs.fstatSync(opened);
  return { mode: stats.mode, uid: stats.uid, size: stats.size, isFile: stats.isFile() };
};

function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Result<ReadonlyMap<string, Secret>> {
  const secrets = new Map<string, Secret>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable.endsWith(HOSTS) || value === undefined) continue;
    const name = variable.slice(PREFIX.length).toLowerCase();
    if (!isName.test(name)) return unusable(variable, 'its end is no name of a secret');
    if (!isValue.test(value)) {
      return unusable(variable, 'a secret has 8 to 4,096 printable characters of ASCII');
    }
    const hosts = (env[`${variable}${HOSTS}`] ?? '').split(',').map((host) => host.trim());
    secrets.set(name, { value, hosts: hosts.filter((host) => host !== '') });
  }
  return success(secrets);
}
