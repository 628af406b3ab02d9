/** Adds the commands of nodes and of groups of them: `skein node`, `drain`, `redeploy`. */
import { type Command, Option } from 'commander';
import { LOG_LEVELS } from '../telemetry/index.ts';
import type { Add, Finish } from './adding.ts';
import { effectsFile, secretsFile } from './effects-options.ts';
import { leaseSpan, timeSpan, wholeNumber } from './flag-values.ts';
import { type HaltOptions, haltCommand } from './halt.ts';
import { natsCa, natsCreds } from './nats-options.ts';
import { type NodeCommandOptions, nodeCommand } from './node.ts';
import {
  type DrainOptions,
  drainCommand,
  type RedeployOptions,
  redeployCommand,
} from './operate.ts';
import { policyOption } from './policy/policy-option.ts';
import { jitless, sandboxLevel } from './sandbox-options.ts';
import { addTrustFlags } from './trust-flags.ts';

export const controlLease = (): Option =>
  new Option(
    '--control-lease <time>',
    'without word of halt orders for so long a node of a cluster halts its skills; 0: it goes on (default: 60s)',
  )
    .env('SKEIN_CONTROL_LEASE')
    .argParser(leaseSpan);

/** The kill switch. */
export function addHalt(add: Add, finish: Finish, program: Command): void {
  add(program, 'halt', 'stop what skills do, now, until it is released; each node confirms')
    .option('--all', 'everything that skills do, on every node')
    .option('--node <node>', 'everything on one node: its ID, or its name in the group')
    .option('--skill <name>', 'one skill, on every node')
    .option('--tenant <name>', 'one tenant, on every node')
    .option('--reason <text>', 'for the receipts and the audit', 'none given')
    .option('--by <name>', 'who says so; default: the user and the machine')
    .option('--local', 'on the node of the data directory alone, though it hangs or does not run')
    .addOption(
      new Option('--timeout <time>', 'a node without a receipt by then has FAILED')
        .default(2_000, '2s')
        .argParser(timeSpan),
    )
    .option('--release <order>', 'let what the order stopped run again; all: every order')
    .option('--list', 'orders that stand')
    .action(finish((options) => haltCommand(options as unknown as HaltOptions)));
}

export function addNode(add: Add, finish: Finish, program: Command): void {
  addTrustFlags(add(program, 'node', 'start a node that joins a cluster, until Ctrl-C'))
    .addOption(
      new Option('--cluster <name>', 'join the nodes of this name through NATS')
        .env('SKEIN_CLUSTER')
        .default('default'),
    )
    .addOption(
      new Option('--nats <url>', 'NATS of the cluster; without it the node runs its own').env(
        'SKEIN_NATS_URL',
      ),
    )
    .addOption(natsCreds())
    .addOption(natsCa())
    .addOption(
      new Option('--threads <n>', 'worker threads, 1 to 16')
        .env('SKEIN_THREADS')
        .default(2)
        .argParser(wholeNumber(1, 16)),
    )
    .addOption(
      new Option('--log <level>', 'lines on stderr').env('SKEIN_LOG').choices([...LOG_LEVELS]),
    )
    .addOption(
      new Option(
        '--direct-host <address>',
        'address of this machine on which nodes of other machines may dial',
      ).env('SKEIN_DIRECT_HOST'),
    )
    .option('--label <key=value...>', 'what sets the node apart: zone=a', [])
    .option(
      '--trusted-key <key...>',
      'take these nodes alone, by the keys that their status shows; default: any that finds NATS',
    )
    .addOption(controlLease())
    .addOption(policyOption())
    .option('--slots <n>', 'skill actors on each thread, 1 to 64', wholeNumber(1, 64))
    .option('--warm-hosts <n>', 'host processes kept ready on each thread', wholeNumber(0, 64))
    .option('--thread-heap <MiB>', 'heap of a worker thread', wholeNumber(64, 65_536))
    .addOption(effectsFile())
    .addOption(secretsFile())
    .addOption(sandboxLevel())
    .addOption(jitless())
    .addOption(new Option('--supervised', 'answer to a group supervisor').hideHelp())
    .action(finish((options) => nodeCommand(options as NodeCommandOptions)));
}

export function addOperations(add: Add, finish: Finish, program: Command): void {
  const timeout = (forWhat: string): Option =>
    new Option('--timeout <time>', forWhat).default(60_000, '60s').argParser(timeSpan);
  add(program, 'drain', 'let a node finish its runs and take no more')
    .argument('[node]', 'name in the group, or node ID; default: the one node')
    .addOption(timeout('for the runs that are active: 500ms, 30s, 5m'))
    .option('--undo', 'let it take work again')
    .action(
      finish((options, node?: string) => drainCommand(node, options as unknown as DrainOptions)),
    );
  add(program, 'redeploy', 'replace the nodes of a group one by one, without failing a run')
    .option('--group <name>', 'the nodes of this group alone')
    .option('-f, --file <cluster.yaml>', 'new settings for the nodes that run')
    .addOption(timeout('for each drain, and for each start: 30s, 5m'))
    .action(finish((options) => redeployCommand(options as unknown as RedeployOptions)));
}
