/**
 * The orders that a node holds, on its disk: one small file a record in `halts/` of the data directory, each written whole and synced.
 * A file of its own for each order lets a command write one beside a node that hangs, without either undoing the other's.
 * What cannot be read halts the node: a kill switch that forgot an order would be none.
 */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { failure, type Json, type Result, reasonOf, success } from '../../contracts/index.ts';
import { writeFileDurably } from '../../journal/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import { DAMAGED, type HaltOrder, type HaltRecord, readHaltRecord } from './halt-order.ts';
import { mergeRecords } from './standing-orders.ts';

export interface HaltFolderContent {
  readonly records: readonly HaltRecord[];
  /** One for each file that cannot be read; it stands until the file is mended or set aside. */
  readonly damage: readonly HaltOrder[];
}

export const HALT_FOLDER = 'halts';
const OWNER_ONLY = 0o600;
const FILE = /^(h-[0-9a-f]{16})\.json$/;
const FILE_BYTES_MAX = 16 * 1024;
const DIGEST_CHARACTERS = 16;

export class HaltFolder {
  readonly path: string;
  #seen = '';
  #isSettled = false;

  constructor(dataDir: string) {
    this.path = join(dataDir, HALT_FOLDER);
  }

  /** Never throws: what is wrong is damage. */
  read(): HaltFolderContent {
    const mark = this.#mark();
    this.#isSettled = mark === this.#seen;
    this.#seen = mark;
    const records: HaltRecord[] = [];
    const damage: HaltOrder[] = [];
    let names: readonly string[] = [];
    try {
      names = fs.readdirSync(this.path).filter((name) => name.endsWith('.json'));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
        damage.push(damageOf('halts', `${this.path} cannot be read: ${reasonOf(thrown)}`));
    }
    for (const name of names) {
      const record = this.#readFile(name);
      if (typeof record === 'string')
        damage.push(damageOf(name, `${join(this.path, name)}: ${record}`));
      else records.push(record);
    }
    return { records, damage };
  }

  /**
   * What there is now, when something may have changed since the last look. Times of files are as coarse as a tick of the kernel: what
   * has changed is read once more at the next look, so looks have to be further apart than that.
   */
  changed(): HaltFolderContent | undefined {
    return this.#isSettled && this.#mark() === this.#seen ? undefined : this.read();
  }

  /** Keeps a record beside what is there under its ID. Failure: FILE_UNREADABLE, when it could not be written. */
  keep(record: HaltRecord): Result<void> {
    const file = join(this.path, `${record.id}.json`);
    try {
      fs.mkdirSync(this.path, { recursive: true, mode: 0o700 });
      const before = this.#readFile(`${record.id}.json`);
      const merged = typeof before === 'string' ? record : mergeRecords(before, record);
      const text = canonicalJson(merged as unknown as Json);
      writeFileDurably(file, `${text}\n${digestOf(text)}\n`, OWNER_ONLY);
      return success(undefined);
    } catch (thrown) {
      return failure('FILE_UNREADABLE', { file, reason: reasonOf(thrown) });
    }
  }

  /** Forgets a released record. */
  forget(id: string): void {
    fs.rmSync(join(this.path, `${id}.json`), { force: true });
  }

  /** Renames a damaged file, named as its order is, so that it no longer halts. @returns false when there is none */
  setAside(id: string): boolean {
    const name = id.slice(DAMAGED.length);
    if (!id.startsWith(DAMAGED) || !/^[\w.-]+$/.test(name)) return false;
    try {
      fs.renameSync(join(this.path, name), join(this.path, `${name}.damaged`));
      return true;
    } catch {
      return false;
    }
  }

  #readFile(name: string): HaltRecord | string {
    const [, id] = FILE.exec(name) ?? [];
    if (id === undefined) return 'its name is not that of an order';
    try {
      const text = fs.readFileSync(join(this.path, name), 'utf8');
      if (text.length > FILE_BYTES_MAX) return 'it is too large';
      const [body = '', digest, ...rest] = text.split('\n');
      if (digestOf(body) !== digest || rest.join('') !== '') return 'it is damaged';
      const record = readHaltRecord(JSON.parse(body));
      if (typeof record === 'string') return record;
      return record.id === id ? record : 'it holds another order';
    } catch (thrown) {
      return reasonOf(thrown);
    }
  }

  /** Of the folder: every file in it is written under another name first, which changes it. */
  #mark(): string {
    try {
      const { mtimeNs, ino } = fs.statSync(this.path, { bigint: true });
      return `${ino} ${mtimeNs}`;
    } catch (thrown) {
      return String((thrown as NodeJS.ErrnoException).code);
    }
  }
}

const digestOf = (text: string): string => hash('sha256', text).slice(0, DIGEST_CHARACTERS);

const damageOf = (name: string, reason: string): HaltOrder => ({
  id: `${DAMAGED}${name}`,
  scope: { kind: 'all' },
  reach: 'local',
  reason: reason.slice(0, 500),
  by: 'the node itself',
  atMs: 0,
  signed: null,
});
