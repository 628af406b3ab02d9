import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '../../../src/contracts/index.ts';
import { dataLimitBytes, memoryClassOf } from '../../../src/sandbox/budget.ts';
import { launchSpec, unfitReason, wrapperWords } from '../../../src/sandbox/launch.ts';
import { findLaunchTools } from '../../../src/sandbox/launch-tools.ts';
import { type Wall, wallsOf } from '../../../src/sandbox/wall.ts';

const ready = (isolatedVm: string, missing: string[] = []) =>
  ({ kind: 'ready', isolatedVm, node: 'v26.0.0', missing }) as const;

describe('the command line', () => {
  test('wraps node in every tool that is there', () => {
    const tools = findLaunchTools(() => true);
    const { file, args, env } = launchSpec({ tools, memoryClassMiB: 64, node: '/node' });
    expect([file, ...args].join(' ')).toMatch(
      /^\S+setpriv --pdeathsig KILL \S+prlimit --core=0 --data=\d+ \S+nice -n 10 \/node --no-node-snapshot --permission --allow-addons --allow-fs-read=\* --disable-warning=PERM0001 \S+host-main\.ts \d+$/,
    );
    expect(env).toEqual({ TZ: 'UTC', LC_ALL: 'en_US.UTF-8' });
  });

  test('is plain node where none is there', () => {
    const { file, args } = launchSpec({
      tools: findLaunchTools(() => false),
      memoryClassMiB: 64,
      node: '/node',
    });
    expect(file).toBe('/node');
    expect(args).toContain('--permission');
  });
});

describe('skills do not run', () => {
  test.each(['7.0.0', '6.1.2', '7.0.1-beta.1', '', 'latest'])('on isolated-vm %s', (version) => {
    expect(unfitReason(ready(version))).toContain('7.0.1');
  });

  test('without a defence', () => {
    expect(unfitReason(ready('7.0.1', ['--no-node-snapshot']))).toContain('--no-node-snapshot');
  });

  test.each(['7.0.1', '7.1.0', '8.0.0'])('are welcome on isolated-vm %s', (version) => {
    expect(unfitReason(ready(version))).toBeUndefined();
  });
});

test('a contract gets the smallest memory class that holds it and its copies', () => {
  const classOf = (part: object) => memoryClassOf({ ...DEFAULT_RESOURCES, ...part });
  expect(classOf({})).toBe(64);
  expect(classOf({ memoryMiB: 65 })).toBe(256);
  expect(classOf({ outputBytes: 32 * 1024 * 1024 })).toBe(256);
  const most = { memoryMiB: 1_024, inputBytes: 32 * 1024 * 1024, outputBytes: 32 * 1024 * 1024 };
  expect(classOf(most)).toBe(1_280);
  expect(dataLimitBytes(256) - dataLimitBytes(64)).toBe(192 * 1024 * 1024);
});

test('a host is a process group of its own, and bubblewrap alone says when it dies with the node', () => {
  const tools = findLaunchTools(() => true);
  const [bubblewrap, ...others] = wallsOf(tools, true);
  const words = (wall: Wall) => wrapperWords({ tools, memoryClassMiB: 64, wall });
  expect(words(bubblewrap as Wall)[0]).toMatch(/prlimit$/);
  const unshare = others.find(({ enclosure }) => enclosure === 'unshare') as Wall;
  expect(words(unshare).slice(0, 3).join(' ')).toMatch(/setpriv --pdeathsig KILL$/);
  expect(launchSpec({ tools, memoryClassMiB: 64 }).isGroup).toBe(true);
});
