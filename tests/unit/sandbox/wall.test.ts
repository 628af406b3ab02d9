import { describe, expect, test } from 'vitest';
import { hostFiles } from '../../../src/sandbox/host-files.ts';
import type { ReadyFrame } from '../../../src/sandbox/host-frames.ts';
import { findLaunchTools } from '../../../src/sandbox/launch-tools.ts';
import { places } from '../../../src/sandbox/memory-cgroup.ts';
import { levelOf, refuseLevel } from '../../../src/sandbox/sandbox-level.ts';
import { NO_WALL, wallsOf, wallWords } from '../../../src/sandbox/wall.ts';

const tools = findLaunchTools(() => true);
const { bwrap: _, ...withoutBubblewrap } = tools;
const textOf = (wall: Parameters<typeof wallWords>[0]): string =>
  wallWords(wall, tools, [{ real: '/r/code', at: '/a/code', isFolder: true }]).join(' ');

describe('the walls of a machine', () => {
  test('begin with bubblewrap as nobody for root, and end with none', () => {
    const walls = wallsOf(tools, true);
    expect(walls[0]).toMatchObject({ enclosure: 'bubblewrap', isNobody: true });
    expect(walls.at(-1)).toBe(NO_WALL);
    expect(wallsOf(tools, false).some(({ isNobody }) => isNobody)).toBe(false);
  });

  test('without bubblewrap are those of util-linux, with landlock before without', () => {
    const walls = wallsOf(withoutBubblewrap, false);
    expect(walls.slice(0, 2)).toMatchObject([
      { enclosure: 'unshare', landlock: true },
      { enclosure: 'unshare', landlock: false },
    ]);
  });

  test('are none where no tool is', () => {
    expect(wallsOf({}, true)).toEqual([NO_WALL]);
    expect(wallWords(NO_WALL, tools, [])).toEqual([]);
  });

  test('show a host its own files, read only, in folders that anybody may enter', () => {
    const [wall] = wallsOf(tools, true);
    const words = textOf(wall ?? NO_WALL);
    expect(words).toContain('--unshare-net --unshare-pid --unshare-ipc --unshare-uts');
    expect(words).toContain('--dir /a --dir /dev');
    expect(words).toContain('--ro-bind /r/code /a/code');
    expect(words).toMatch(/--remount-ro \/ \S+setpriv --reuid 65534 --regid 65534 --clear-groups/);
    expect(words).not.toContain('--unshare-user');
    expect(textOf({ ...(wall ?? NO_WALL), isRoot: false })).toContain('--unshare-user');
  });

  test('of landlock name what may be read, and nothing that may be written', () => {
    const words = textOf({ enclosure: 'none', isNobody: false, landlock: true, isRoot: false });
    expect(words).toContain('--landlock-rule path-beneath:read-file,read-dir,execute:/r/code');
    expect(words).not.toContain('write');
  });
});

test('the files of a host are Node, libraries, the code of Skein and three packages', () => {
  const files = hostFiles(process.execPath).map(({ at }) => at);
  expect(files).toContain(process.execPath);
  for (const name of ['isolated-vm', 'typebox', 'node-gyp-build'])
    expect(files.some((file) => file.endsWith(`/node_modules/${name}`))).toBe(true);
  expect(files.filter((file) => /^\/(home|root|etc|var|tmp)?$/.test(file))).toEqual([]);
});

test('the places of memory cgroups are the node’s own and, of version 2, the one above', () => {
  expect(places('4:memory:/a/b\n3:cpuset:/\n0::/\n')).toEqual([
    { version: 'v1', folder: '/sys/fs/cgroup/memory/a/b' },
    { version: 'v2', folder: '/sys/fs/cgroup/' },
  ]);
  expect(places('0::/system.slice/skein.service/node\n')).toEqual([
    { version: 'v2', folder: '/sys/fs/cgroup/system.slice/skein.service/node' },
    { version: 'v2', folder: '/sys/fs/cgroup/system.slice/skein.service' },
  ]);
});

describe('the level', () => {
  const ours = ['net:[1]', 'pid:[2]', 'ipc:[3]', 'uts:[4]', 'mnt:[5]', 'user:[6]'];
  const os = {
    namespaces: ['net:[9]', 'pid:[9]', 'ipc:[9]', 'uts:[9]', 'mnt:[9]', 'user:[6]'],
    ...{ user: 65_534, noNewPrivileges: true, capabilityless: true, seesAllFiles: false },
  };
  const ready: ReadyFrame = {
    kind: 'ready',
    isolatedVm: '7.0.1',
    node: 'v26.0.0',
    missing: [],
    os,
  };
  const reached = {
    ...{ wanted: 'strict' as const, tools, wall: wallsOf(tools, true)[0] ?? NO_WALL },
    ...{ memoryCgroup: 'v2' as const, nodeNamespaces: ours },
  };

  test('is whole when the host found every layer on itself', () => {
    const level = levelOf(ready, reached);
    expect(level).toMatchObject({ ownFiles: true, unprivileged: true, missing: [] });
    expect(level.namespaces).toEqual(['net', 'pid', 'ipc', 'uts', 'mnt']);
    expect(refuseLevel(level)).toBeUndefined();
  });

  test.each([
    ['network namespace', { namespaces: ours }],
    ['network namespace', { namespaces: ['', '', '', '', '', ''] }],
    ['own files', { seesAllFiles: true }],
    ['no new privileges', { noNewPrivileges: false }],
    ['unprivileged user', { user: 0 }],
    ['unprivileged user', { capabilityless: false }],
  ])('lacks its %s by what the host says, whatever it was started with', (layer, found) => {
    const level = levelOf({ ...ready, os: { ...os, ...found } }, reached);
    expect(level.missing.map((each) => each.layer)).toContain(layer);
    expect(level.missing.every(({ how }) => how.length > 10)).toBe(true);
    expect(refuseLevel(level)).toMatchObject({ error: { code: 'SANDBOX_LEVEL_UNREACHED' } });
    expect(refuseLevel({ ...level, wanted: 'best' })).toBeUndefined();
  });

  test('says which command adds bubblewrap where it is missing', () => {
    const found = { ...os, namespaces: ours, seesAllFiles: true };
    const { missing } = levelOf({ ...ready, os: found }, { ...reached, tools: withoutBubblewrap });
    expect(missing[0]).toEqual({
      layer: 'network namespace',
      how: process.platform === 'linux' ? 'apt-get install -y bubblewrap' : 'run the node on Linux',
    });
  });
});
