/**
 * What the operating system can put around a host process, as command lines; which of them hold on this machine is found
 * out by starting a host in each, the strongest first (`sandbox.ts`), and what holds is read inside the host (`os-facts.ts`).
 *
 * bubblewrap gives a process namespaces of its own and a view of the files it needs, read only. `unshare` gives the
 * namespaces alone; `setpriv` of util-linux 2.40 or later restricts files by landlock. A node that is root has its hosts
 * run as nobody.
 */
import type { HostFile } from './host-files.ts';
import type { LaunchTools } from './launch-tools.ts';

export interface Wall {
  readonly enclosure: 'bubblewrap' | 'unshare' | 'none';
  /** Hosts are nobody (user and group 65534), in no further group. */
  readonly isNobody: boolean;
  /** Files are restricted by landlock: without a mount namespace of its own the host sees them all. */
  readonly landlock: boolean;
  /** Without root, namespaces are had inside a user namespace. */
  readonly isRoot: boolean;
}

/** Only what `LaunchTools` of every version gave: no layer of the operating system but limits and death with the parent. */
export const NO_WALL: Wall = {
  enclosure: 'none',
  isNobody: false,
  landlock: false,
  isRoot: false,
};

const NOBODY = '65534';
const DEVICES = ['/dev/null', '/dev/urandom'];
const fileOf = (path: string, isFolder = false): HostFile => ({ real: path, at: path, isFolder });
const PSEUDO_FILES = [fileOf('/proc', true), ...DEVICES.map((device) => fileOf(device))];

/** Every wall that these tools might put up, the strongest first; the last needs none. */
export function wallsOf(tools: LaunchTools, isRoot: boolean): readonly Wall[] {
  const { bwrap, unshare, setpriv } = tools;
  const users = isRoot && setpriv ? [true, false] : [false];
  const restrictions = setpriv ? [true, false] : [false];
  const ownFiles = users.map(
    (isNobody): Wall => ({ enclosure: 'bubblewrap', isNobody, landlock: false, isRoot }),
  );
  const allFiles = (enclosure: 'unshare' | 'none'): Wall[] =>
    users.flatMap((isNobody) =>
      restrictions.map((landlock) => ({ enclosure, isNobody, landlock, isRoot })),
    );
  return [
    ...(bwrap ? ownFiles : []),
    ...(unshare ? allFiles('unshare') : []),
    ...(setpriv ? allFiles('none') : []),
    NO_WALL,
  ];
}

/** The words that go before the command of a process to put this wall around it. `files`: what it may read. */
export function wallWords(
  wall: Wall,
  tools: LaunchTools,
  files: readonly HostFile[],
): readonly string[] {
  if (wall.enclosure === 'bubblewrap' && tools.bwrap) {
    const own = wall.isNobody && tools.setpriv ? [fileOf(tools.setpriv)] : [];
    return [
      ...bubblewrapWords(tools.bwrap, wall, [...files, ...own]),
      ...(wall.isNobody ? privilegeWords(wall, tools, files) : []),
    ];
  }
  const enclosure =
    wall.enclosure === 'unshare' && tools.unshare ? unshareWords(tools.unshare, wall) : [];
  return [...enclosure, ...(wall === NO_WALL ? [] : privilegeWords(wall, tools, files))];
}

/** Node looks for a configuration of OpenSSL, and takes a refusal, unlike its absence, for a reason to stop. */
export const nodeFlagsBehind = ({ landlock }: Wall): readonly string[] =>
  landlock ? ['--openssl-config=/dev/null'] : [];

/** bubblewrap sets no_new_privs itself, and drops every capability unless it is root. */
function bubblewrapWords(
  bwrap: string,
  { isRoot, isNobody }: Wall,
  files: readonly HostFile[],
): readonly string[] {
  return [
    bwrap,
    '--die-with-parent',
    '--new-session',
    ...(isRoot ? [] : ['--unshare-user']),
    ...['--unshare-net', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...(isRoot && !isNobody ? ['--cap-drop', 'ALL'] : []),
    ...['--hostname', 'sandbox', '--chdir', '/', '--proc', '/proc'],
    ...foldersAbove([...DEVICES, ...files.map(({ at }) => at)]).flatMap((path) => ['--dir', path]),
    ...DEVICES.flatMap((device) => ['--dev-bind', device, device]),
    ...files.flatMap(({ real, at }) => ['--ro-bind', real, at]),
    '--remount-ro',
    '/',
  ];
}

/** Made by us, since those that bubblewrap makes on its way are open to nobody but root. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at));
  }
  return [...folders].sort();
}

/** The process is the first of its namespace of processes: when it ends, or `unshare` does, the kernel ends all of them. */
const unshareWords = (unshare: string, { isRoot }: Wall): readonly string[] => [
  unshare,
  ...(isRoot ? [] : ['--user', '--map-current-user']),
  ...['--net', '--pid', '--ipc', '--uts', '--mount', '--fork', '--kill-child', '--mount-proc'],
];

function privilegeWords(
  { isRoot, isNobody, landlock }: Wall,
  { setpriv }: LaunchTools,
  files: readonly HostFile[],
): readonly string[] {
  if (!setpriv) return [];
  const rules = [...PSEUDO_FILES, ...files].flatMap(({ real, isFolder }) => {
    const rights = isFolder ? 'read-file,read-dir,execute' : 'read-file,execute';
    return ['--landlock-rule', `path-beneath:${rights}:${real}`];
  });
  return [
    setpriv,
    ...(isNobody ? ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'] : []),
    // Without root there is nothing to drop, nor the right to.
    ...(isRoot ? ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'] : []),
    '--no-new-privs',
    // A change of user clears the wish to die with the parent; it is set last.
    ...['--pdeathsig', 'KILL'],
    ...(landlock ? ['--landlock-access', 'fs', ...rules] : []),
  ];
}
