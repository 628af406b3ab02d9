/** The command `skein`: reads flags, environment and defaults, and hands over to one command. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { errorOf, LIMITS } from '../contracts/index.ts';
import { LOG_LEVELS } from '../telemetry/index.ts';
import { addActors } from './actors.ts';
import type { Add, Finish } from './adding.ts';
import { completionScript, SHELLS } from './completion.ts';
import { addSkillCommand, contractCommand } from './contract.ts';
import { demoCommand } from './demo/demo.ts';
import { effectsFile, secretsFile } from './effects-options.ts';
import { portNumber, seedRange, timeSpan, wholeNumber } from './flag-values.ts';
import { addHalt, addNode, addOperations, controlLease } from './group-commands.ts';
import { describeSkillCommand } from './inspect.ts';
import { natsCa, natsCreds } from './nats-options.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { type GlobalOptions, outliveReaders, reportError } from './output.ts';
import { planCommand } from './plan.ts';
import { addPolicyCommands } from './policy/add-commands.ts';
import { policyOption } from './policy/policy-option.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { jitless, sandboxLevel } from './sandbox-options.ts';
import { replayCommand, type SimOptions, shrinkCommand, simCommand } from './sim.ts';
import { addPackageCommands } from './skills/add-commands.ts';
import { type StatusOptions, statusCommand } from './status.ts';
import { traceCommand } from './trace.ts';
import { addTrustFlags } from './trust-flags.ts';
import { upCommand } from './up.ts';
import { buildVersion } from './version.ts';

/** Never rejects. The exit code is set on the process: 0 done, 1 failed outcome, 2 bad usage or input, 3 no node reached. */
export async function main(args: readonly string[]): Promise<void> {
  outliveReaders();
  const program = await buildProgram();
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    process.exitCode =
      thrown instanceof CommanderError
        ? thrown.exitCode === 0
          ? 0
          : 2
        : reportError(errorOf(thrown), false);
  }
  if (typeof process.exitCode === 'number') process.exit(process.exitCode);
}

export async function buildProgram(): Promise<Command> {
  const version = await buildVersion();
  const program = new Command('skein');
  program
    .description('Runs actors you do not have to trust.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addOption(
      new Option('--json', 'one JSON document on stdout, or one a line where it streams')
        .env('SKEIN_JSON')
        .default(false),
    )
    .addOption(
      new Option('--data <dir>', 'data directory of the node')
        .env('SKEIN_DATA_DIR')
        .default('.skein'),
    );

  const add = (parent: Command, name: string, description: string): Command =>
    parent.command(name).description(description).exitOverride();
  const finish =
    (work: (globals: GlobalOptions, ...rest: never[]) => Promise<number>) =>
    async (...parts: unknown[]): Promise<void> => {
      const command = parts.at(-1) as Command;
      process.exitCode = await work(
        command.optsWithGlobals() as GlobalOptions,
        ...(parts.slice(0, -2) as never[]),
      );
    };

  addTrustFlags(
    add(program, 'up', 'start a node, or a group of node processes, that stays until Ctrl-C'),
  )
    .option('--nodes <n>', 'node processes under a supervisor', wholeNumber(1, LIMITS.groupNodes))
    .option('-f, --file <cluster.yaml>', 'the node groups to start')
    .addOption(
      new Option('--threads <n>', 'worker threads, 1 to 16')
        .env('SKEIN_THREADS')
        .default(2)
        .argParser(wholeNumber(1, 16)),
    )
    .addOption(
      new Option('--log <level>', 'lines on stderr; default info, of a group warn')
        .env('SKEIN_LOG')
        .choices([...LOG_LEVELS]),
    )
    .addOption(
      new Option('--cluster <name>', 'join the nodes of this name through NATS').env(
        'SKEIN_CLUSTER',
      ),
    )
    .addOption(
      new Option('--nats <url>', 'NATS of the cluster; without it the node runs its own').env(
        'SKEIN_NATS_URL',
      ),
    )
    .addOption(natsCreds())
    .addOption(natsCa())
    .addOption(
      new Option(
        '--direct-host <address>',
        'address of this machine on which nodes of other machines may dial',
      ).env('SKEIN_DIRECT_HOST'),
    )
    .option(
      '--trusted-key <key...>',
      'take these nodes alone, by the keys that their status shows; default: any that finds NATS',
    )
    .addOption(controlLease())
    .addOption(
      new Option('--metrics-port <port>', 'serve Prometheus on loopback; 0 takes a free port')
        .env('SKEIN_METRICS_PORT')
        .argParser(portNumber),
    )
    .addOption(effectsFile())
    .addOption(secretsFile())
    .addOption(policyOption())
    .addOption(sandboxLevel())
    .addOption(jitless())
    .option('--skills <dir...>', 'folders of skill packages to load', [])
    .option('--recover-journal', 'set a damaged journal aside and keep what came before the damage')
    .action(finish((options) => upCommand(options as Parameters<typeof upCommand>[0])));
  addNode(add, finish, program);
  add(
    program,
    'run',
    'run a plan file, a skill folder or name@range, on the running node or on one of its own',
  )
    .argument('<target>', 'plan.yaml, folder with skill.json, or name@range')
    .argument('[files...]', 'become input.files')
    .option('--input <json>', 'JSON, @file, or - for standard input')
    .option('--out <file>', 'write the value of the run to a file')
    .option('--profile <file>', 'YAML: skills, resources and grants that this run stays under')
    .option('--quiet', 'no progress on stderr')
    .action(
      finish((options, target: string, files: string[]) => runCommand(target, files, options)),
    );
  add(program, 'trace', 'show where the time of one request went')
    .argument('<id>', 'correlation ID, or - for the output of skein run --json')
    .action(finish((options, id: string) => traceCommand(id, options)));
  add(program, 'plan', 'make a plan from a goal in words, by rules, and print it as YAML')
    .argument('<goal>', 'clauses parted by "then", for example: "http call then json transform"')
    .action(finish((options, goal: string) => planCommand(goal, options)));
  add(program, 'runs', 'list what ran, newest first, or show what one run has spent')
    .argument('[id]', 'run ID')
    .option('--limit <n>', 'how many', Number, 20)
    .action(
      finish((options, id?: string) =>
        runsCommand(id, options as Parameters<typeof runsCommand>[1]),
      ),
    );
  add(program, 'status', 'what the running node, or group of nodes, is doing')
    .option('--watch', 'again each second, until Ctrl-C')
    .action(finish((options) => statusCommand(options as StatusOptions)));
  addOperations(add, finish, program);
  addHalt(add, finish, program);
  const skills = add(program, 'skills', 'make, test, pack, sign, publish and list skills');
  add(skills, 'add', 'register a skill folder with the node, for good')
    .argument('<folder>', 'folder with skill.json')
    .action(finish((options, folder: string) => addSkillCommand(folder, options)));
  add(skills, 'contract', 'show the limits and grants that a call is held to')
    .argument('<skill>', 'name, name@range or folder')
    .option('--profile <file>', 'YAML: the caller’s ceiling')
    .action(finish((options, skill: string) => contractCommand(skill, options)));
  for (const [parent, name] of [
    [skills, 'describe'],
    [program, 'describe-skill'],
  ] as const) {
    add(parent, name, 'show a skill’s manifest and content hash')
      .argument('<skill>', 'name, name@range or folder')
      .action(finish((options, skill: string) => describeSkillCommand(skill, options)));
  }
  addPackageCommands(add, finish, skills);
  addActors(add, finish, program);
  addSimulator(add, finish, program);
  addOperatorCommands(add, finish, program);
  addPolicyCommands(add, finish, program);
  add(program, 'demo', 'start a node and watch it get prices from a failing feed')
    .option('--once', 'end after the demonstration', false)
    .addOption(
      new Option('--nodes <n>', 'processes that meet through NATS, 1 to 16; one of them is killed')
        .default(1)
        .argParser(wholeNumber(1, 16)),
    )
    .action(finish((options) => demoCommand(options as Parameters<typeof demoCommand>[0])));
  add(program, 'completion', 'print a completion script for the shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: string) => {
      process.stdout.write(`${completionScript(program, shell)}\n`);
      process.exitCode = 0;
    });
  return program;
}

function addSimulator(add: Add, finish: Finish, program: Command): void {
  const sim = add(program, 'sim', 'run whole clusters on virtual time, one seed after the other');
  const world = (command: Command): Command =>
    command
      .addOption(
        new Option(
          '--nodes <n>',
          'nodes, 1 to 1000 (default: what the profile says, or 3)',
        ).argParser(wholeNumber(1, 1_000)),
      )
      .addOption(
        new Option(
          '--threads <n>',
          'worker threads of each node (default: what the profile says, or 1)',
        ).argParser(wholeNumber(0, 16)),
      )
      .addOption(
        new Option('--for <time>', 'virtual time with faults: 30s, 5m, 1h')
          .default(30_000, '30s')
          .argParser(timeSpan),
      )
      .addOption(
        new Option('--faults <names>', 'these faults alone, with commas; none for none').argParser(
          (text) => (text === 'none' ? [] : text.split(',')),
        ),
      )
      .option(
        '--profile <file>',
        'a fault plan: what happens, instead of chance; or the name of one that comes with Skein',
      );
  world(sim)
    .addOption(
      new Option('--seeds <range>', 'A..B').default([1, 100], '1..100').argParser(seedRange),
    )
    .option('--twice', 'run each seed twice and compare what happened', false)
    .option('--to-first', 'end after the first seed that fails', false)
    .addOption(
      new Option('--jobs <n>', 'seeds at once, each on a thread')
        .default(1)
        .argParser(wholeNumber(1, 256)),
    )
    .option('--list', 'show the faults that there are', false)
    .action(finish((options) => simCommand(options as SimOptions)));
  world(add(sim, 'replay', 'run one seed again'))
    .addArgument(new Argument('<seed>').argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)))
    .option('--trace', 'show every event', false)
    .option('--until-violation', 'no further than the first violation', false)
    .action(
      finish((options, seed: number) =>
        replayCommand(seed, options as Parameters<typeof replayCommand>[1]),
      ),
    );
  world(add(sim, 'shrink', 'find the fewest faults with which a seed still fails'))
    .addArgument(new Argument('<seed>').argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)))
    .option('--out <file>', 'write them as a fault plan')
    .action(
      finish((options, seed: number) =>
        shrinkCommand(seed, options as Parameters<typeof shrinkCommand>[1]),
      ),
    );
}
