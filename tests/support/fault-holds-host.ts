/** A program that holds a spinning process behind the best wall of this machine, until somebody kills it. */

import { realClock, realProcesses, realTimers } from '../../src/host/index.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { HOST_ENVIRONMENT, wrapperWords } from '../../src/sandbox/launch.ts';
import { findLaunchTools } from '../../src/sandbox/launch-tools.ts';
import { NO_WALL, wallsOf } from '../../src/sandbox/wall.ts';

const started = await startSandbox({
  ports: { clock: realClock, timers: realTimers },
  processes: realProcesses,
  warmHosts: 1,
});
if (!started.ok) throw new Error(started.error.message);
const { enclosure, unprivileged } = started.value.level;
const tools = findLaunchTools();
const wall =
  wallsOf(tools, process.geteuid?.() === 0).find(
    (each) => each.enclosure === enclosure && each.isNobody === unprivileged && !each.landlock,
  ) ?? NO_WALL;
const [file = '', ...args] = [
  ...wrapperWords({ tools, memoryClassMiB: 64, wall }),
  ...[process.execPath, '-e', "require('node:fs').writeSync(3, 'on'); for (;;);"],
];
const spinning = realProcesses.start({ file, args, env: HOST_ENVIRONMENT, cwd: '/' });
spinning.onData(() => process.stdout.write('spinning\n'));
setInterval(() => undefined, 1e6);
