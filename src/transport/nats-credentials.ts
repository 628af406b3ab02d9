/**
 * Credentials for NATS: a file with the seed of an nkey (`SU…`), or a `.creds` file with a JWT and its seed. Signing is the
 * client's own. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth
 */
import fs from 'node:fs';
import { join } from 'node:path';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';

/** Beside `nats-server.conf`. */
const SEED_FILE = 'node.nk';
const FILE_BYTES = 64 * 1024;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const JWT_BEGINS = '-----BEGIN NATS USER JWT-----';

/** Of the file, else user and password in the URL (a user alone is a token), which the client does not look for by itself. */
export function credentialsOf(access: {
  readonly url: string;
  readonly credsFile?: string;
}): Result<Authenticator | undefined> {
  if (access.credsFile !== undefined) return readNatsCredentials(access.credsFile);
  const url = URL.parse(access.url);
  if (!url?.username) return success(undefined);
  const user = decodeURIComponent(url.username);
  if (!url.password) return success(tokenAuthenticator(user));
  return success(usernamePasswordAuthenticator(user, decodeURIComponent(url.password)));
}

const unusable = (file: string, reason: string) =>
  failure('NATS_CREDENTIALS_UNUSABLE', { file, reason });

/** Reads the file once. Failure: NATS_CREDENTIALS_UNUSABLE, which never quotes what the file holds. */
export function readNatsCredentials(file: string): Result<Authenticator> {
  try {
    if (fs.statSync(file).size > FILE_BYTES)
      return unusable(file, `it has over ${FILE_BYTES} bytes`);
    const bytes = fs.readFileSync(file);
    const text = bytes.toString('latin1');
    if (!text.includes(JWT_BEGINS)) {
      const key = publicKeyOf(text.trim());
      return key === undefined
        ? unusable(file, 'it holds neither the seed of a user’s nkey nor a user’s JWT')
        : success(nkeyAuthenticator(Buffer.from(text.trim(), 'latin1')));
    }
    const authenticator = credsAuthenticator(bytes);
    // Reads the file's parts now, so that a damaged one is found here and not while connecting.
    authenticator('nonce');
    return success(authenticator);
  } catch (thrown) {
    return unusable(file, reasonOf(thrown));
  }
}

function publicKeyOf(seed: string): string | undefined {
  if (!seed.startsWith('SU')) return undefined;
  try {
    return nkeys.fromSeed(Buffer.from(seed, 'latin1')).getPublicKey();
  } catch {
    return undefined;
  }
}

export interface ServerUser {
  readonly file: string;
  /** `U…`, as the server's configuration takes it. */
  readonly publicKey: string;
}

/**
 * The user of a server of Skein's own: its seed is made once, in a file that its owner alone reads, and stays.
 * Failure: NATS_CREDENTIALS_UNUSABLE.
 */
export function openServerUser(folder: string): Result<ServerUser> {
  const file = join(folder, SEED_FILE);
  try {
    if (!fs.existsSync(file)) {
      // The client's own source of chance: keys have no part in what a simulation repeats.
      const seed = nkeys.createUser().getSeed();
      fs.writeFileSync(file, `${Buffer.from(seed).toString('latin1')}\n`, {
        mode: OWNER_ONLY,
        flag: 'wx',
        flush: true,
      });
    }
    const { mode } = fs.statSync(file);
    if ((mode & OTHERS) !== 0)
      return unusable(
        file,
        `others may read or write it: its mode is ${(mode & 0o777).toString(8)}`,
      );
    const publicKey = publicKeyOf(fs.readFileSync(file, 'latin1').trim());
    return publicKey === undefined
      ? unusable(file, 'it holds no seed of a user’s nkey')
      : success({ file, publicKey });
  } catch (thrown) {
    return unusable(file, reasonOf(thrown));
  }
}
