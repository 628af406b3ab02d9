import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nuke, planNuke, refuseInUse, startNode } from '../../../src/runtime/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { beginNode, tempFolder, use } from '../../support/used-data.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** What a node left, made once; each test has a copy. */
let used = '';
beforeAll(async () => {
  const { path, remove } = await tempFolder();
  used = path;
  const node = await beginNode(path);
  await use(node, path);
  await node.close();
  return remove;
});

async function copy(): Promise<string> {
  const { path, remove } = await tempFolder();
  open.push(remove);
  const data = join(path, 'data');
  await cp(used, data, { recursive: true });
  return data;
}

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

describe('nuke', () => {
  it('knows everything that a real node makes, while it runs and after, and leaves nothing of it', async () => {
    const { path, remove } = await tempFolder();
    open.push(remove);
    const data = join(path, 'data');
    const node = await beginNode(data);
    open.push(node.close);
    await use(node, data);
    const during = valueIn(await planNuke(data));
    expect(during.foreign).toEqual([]);
    expect(codeIn(await refuseInUse(during))).toBe('NODE_RUNNING');
    await node.close();
    const plan = valueIn(await planNuke(data));
    expect(plan.foreign).toEqual([]);
    expect(plan.files.map((file) => file.path).sort()).toEqual([...(await filesIn(data))].sort());
    for (const made of ['journal.db', 'kv.db', 'node.key', 'node.nk', '.blk', 'own@1.0.0.json'])
      expect(
        plan.files.some((file) => file.path.endsWith(made)),
        made,
      ).toBe(true);
    expect((await refuseInUse(plan)).ok).toBe(true);
    const done = await nuke(data, plan);
    expect(done).toMatchObject({ left: [], failed: [], sizeBytes: plan.sizeBytes });
    expect(existsSync(data)).toBe(false);
    expect(await readdir(path)).toEqual([]);
  });

  it('leaves foreign files alone, wherever they were put, with the folders that hold them', async () => {
    const data = await copy();
    const plan = valueIn(await planNuke(data));
    const folders = [data, ...plan.folders];
    const planted = folders.map((folder) => join(folder, 'mine.txt'));
    for (const file of planted) await writeFile(file, 'mine');
    const second = valueIn(await planNuke(data));
    expect([...second.foreign].sort()).toEqual([...planted].sort());
    const done = await nuke(data, second);
    expect(done).toMatchObject({ files: plan.files.length, folders: 0, failed: [] });
    expect([...done.left].sort()).toEqual([...folders].sort());
    expect([...(await filesIn(data))].sort()).toEqual([...planted].sort());
  });

  it('follows no symbolic link, neither inside nor to the data directory', async () => {
    const data = await copy();
    const elsewhere = await mkdtemp(join(tmpdir(), 'skein-elsewhere-'));
    open.push(() => rm(elsewhere, { recursive: true, force: true }));
    await mkdir(join(elsewhere, 'skills'));
    const kept = [join(elsewhere, 'node.key'), join(elsewhere, 'skills/a@1.0.0.json')];
    for (const file of kept) await writeFile(file, 'kept');
    await rm(join(data, 'skills'), { recursive: true });
    await rm(join(data, 'node.key'));
    await symlink(join(elsewhere, 'skills'), join(data, 'skills'));
    await symlink(join(elsewhere, 'node.key'), join(data, 'node.key'));
    await symlink(elsewhere, join(data, 'nodes'));
    await nuke(data, valueIn(await planNuke(data)));
    for (const file of kept) expect(await readFile(file, 'utf8')).toBe('kept');
    expect((await readdir(data)).sort()).toEqual(['node.key', 'nodes', 'skills']);
    const link = `${data}-link`;
    await symlink(data, link);
    expect(codeIn(await planNuke(link))).toBe('ARGUMENT_INVALID');
  });

  it('leaves alone a configuration that the operator keeps', async () => {
    const data = await copy();
    const config = join(data, 'nats/nats-server.conf');
    await writeFile(config, `# Ours.\n${await readFile(config, 'utf8')}`);
    await nuke(data, valueIn(await planNuke(data)));
    expect(await filesIn(data)).toEqual([config]);
  });

  it('takes along what a recovery set aside', async () => {
    const data = await copy();
    await truncate(join(data, 'journal.db'), 5_000);
    await truncate(join(data, 'kv.db'), 5_000);
    const options = { dataDir: data, threads: 1, warmHosts: 0, recoverJournal: true };
    const node = valueIn(await startNode(options));
    expect(node.recovered).toHaveLength(2);
    await node.close();
    const plan = valueIn(await planNuke(data));
    expect(plan.files.filter((file) => file.path.includes('.damaged-')).length).toBeGreaterThan(1);
    await nuke(data, plan);
    expect(existsSync(data)).toBe(false);
  });

  it('takes along the nodes of a group, each a data directory', async () => {
    const data = await copy();
    await cp(used, join(data, 'nodes/n1'), { recursive: true });
    await writeFile(join(data, 'nodes/n1/mine.txt'), 'mine');
    const plan = valueIn(await planNuke(data));
    expect(plan.foreign).toEqual([join(data, 'nodes/n1/mine.txt')]);
    await nuke(data, plan);
    expect(await filesIn(data)).toEqual([join(data, 'nodes/n1/mine.txt')]);
  });

  it('removes nothing where Skein made nothing', async () => {
    const { path, remove } = await tempFolder();
    open.push(remove);
    for (const name of ['skills', 'reports', 'nodes']) await mkdir(join(path, name));
    await writeFile(join(path, 'notes.md'), 'mine');
    const plan = valueIn(await planNuke(path));
    expect(await nuke(path, plan)).toMatchObject({ files: 0, folders: 0 });
    expect((await readdir(path)).sort()).toEqual(['nodes', 'notes.md', 'reports', 'skills']);
    expect(codeIn(await planNuke(join(path, 'nowhere')))).toBe('FILE_UNREADABLE');
  });

  it('removes exactly what its plan names, whatever else lies there', async () => {
    const places = ['', 'skills', 'nats', 'nats/jetstream', 'reports', 'nodes', 'nodes/n1', 'else'];
    const names = [
      'journal.db',
      'node.key',
      'node.nk',
      'a@1.0.0.json',
      'up.md',
      'journal.db.bak',
      'x',
    ];
    const file = fc.tuple(fc.constantFrom(...places), fc.constantFrom(...names));
    const property = fc.asyncProperty(fc.uniqueArray(file, { maxLength: 12 }), async (wanted) => {
      const { path, remove } = await tempFolder();
      try {
        for (const [place, name] of wanted) {
          await mkdir(join(path, place), { recursive: true });
          await writeFile(join(path, place, name), name);
        }
        const before = await filesIn(path);
        const plan = valueIn(await planNuke(path));
        await nuke(path, plan);
        const planned = new Set(plan.files.map((each) => each.path));
        const after = existsSync(path) ? await filesIn(path) : [];
        expect([...after].sort()).toEqual(before.filter((each) => !planned.has(each)).sort());
        for (const each of planned) expect(each).not.toMatch(/else|\.bak$|\/x$|up\.md$/);
        for (const each of before)
          if (/\/(node\.key|journal\.db)$/.test(each) && dirname(each) === path)
            expect(planned).toContain(each);
      } finally {
        await remove();
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
