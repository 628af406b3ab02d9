/** The commands of an operator: `doctor`, `validate`, `nuke`. */
import { type Command, Option } from 'commander';
import type { Add, Finish } from './adding.ts';
import { type DoctorCommandOptions, doctorCommand } from './doctor.ts';
import { natsCa, natsCreds } from './nats-options.ts';

export function addOperatorCommands(add: Add, finish: Finish, program: Command): void {
  add(program, 'doctor', 'look for what is wrong, from the ground up, and name it')
    .addOption(new Option('--nats <url>', 'NATS of the cluster').env('SKEIN_NATS_URL'))
    .addOption(natsCreds())
    .addOption(natsCa())
    .addOption(new Option('--cluster <name>', 'whose subjects are tried').env('SKEIN_CLUSTER'))
    .action(finish((options) => doctorCommand(options as DoctorCommandOptions)));
}
