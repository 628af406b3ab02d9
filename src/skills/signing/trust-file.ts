/**
 * The operator's `trusted-signers.yaml`, read again whenever it has changed: keys rotate while the node runs. An edit that is broken
 * changes nothing: what was read last counts, and the log says what is wrong.
 */
import { stat } from 'node:fs/promises';
import {
  LIMITS,
  type Log,
  type Result,
  type SkeinError,
  success,
  type TimerHandle,
  type Timers,
} from '../../contracts/index.ts';
import { readBounded } from '../skill-package.ts';
import { readTrustedSigners, type TrustedSigner } from './trusted-signers.ts';

export interface TrustFileOptions {
  readonly file: string;
  readonly timers: Timers;
  readonly log: Log;
  /** Between looks at the file; default 500. */
  readonly everyMs?: number;
}

const EVERY_MS = 500;

export class TrustFile {
  readonly #options: TrustFileOptions;
  readonly #listeners = new Set<() => void>();
  #signers: readonly TrustedSigner[] = [];
  #seen = '';
  #problem: SkeinError | undefined;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  private constructor(options: TrustFileOptions) {
    this.#options = options;
  }

  /** A file that is missing trusts nobody until it is there. Failures: CONFIG_INVALID, FILE_UNREADABLE. */
  static async open(options: TrustFileOptions): Promise<Result<TrustFile>> {
    const trust = new TrustFile(options);
    const read = await trust.refresh();
    if (!read.ok) return read;
    trust.#lookAgain();
    return success(trust);
  }

  get file(): string {
    return this.#options.file;
  }

  signers(): readonly TrustedSigner[] {
    return this.#signers;
  }

  /** What is wrong with the file as it is now, while an older one counts. */
  problem(): SkeinError | undefined {
    return this.#problem;
  }

  /** @returns a function that ends the telling */
  onChange(tell: () => void): () => void {
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  }

  /** Reads the file if it has changed. */
  async refresh(): Promise<Result<void>> {
    const { file, log } = this.#options;
    const seen = await markOf(file);
    if (seen === this.#seen) return success(undefined);
    const read = seen === MISSING ? success([]) : await readSigners(file);
    this.#seen = seen;
    this.#problem = read.ok ? undefined : read.error;
    if (!read.ok) {
      log.error('the trusted signers cannot be read; those of before count on', {
        reason: read.error.message,
      });
      return read;
    }
    this.#signers = read.value;
    log.info('the trusted signers were read', { file, signers: read.value.length });
    for (const tell of [...this.#listeners]) tell();
    return success(undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookAgain(): void {
    if (this.#isClosed) return;
    const { timers, everyMs = EVERY_MS } = this.#options;
    this.#timer = timers.after(everyMs, () => {
      void this.refresh().then(() => this.#lookAgain());
    });
  }
}

const MISSING = 'missing';

/** Tells one state of the file from another: an editor writes in place or puts a new file there. */
async function markOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (thrown) {
    const { code = '' } = thrown as { readonly code?: string };
    return code === 'ENOENT' ? MISSING : code;
  }
}

async function readSigners(file: string): Promise<Result<readonly TrustedSigner[]>> {
  const text = await readBounded(file, LIMITS.manifestBytes);
  return text.ok ? readTrustedSigners(text.value, file) : text;
}
