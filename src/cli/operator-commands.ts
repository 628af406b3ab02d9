/** The commands of an operator: `doctor`, `validate`, `nuke`. */
import { type Command, Option } from 'commander';
import type { Add, Finish } from './adding.ts';
import { type DoctorCommandOptions, doctorCommand } from './doctor.ts';
import { natsCa, natsCreds } from './nats-options.ts';
import { type NukeOptions, nukeCommand } from './nuke.ts';
import { type ValidateOptions, validateCommand } from './validate.ts';

export function addOperatorCommands(add: Add, finish: Finish, program: Command): void {
  add(program, 'doctor', 'look for what is wrong, from the ground up, and name it')
    .addOption(new Option('--nats <url>', 'NATS of the cluster').env('SKEIN_NATS_URL'))
    .addOption(natsCreds())
    .addOption(natsCa())
    .addOption(new Option('--cluster <name>', 'whose subjects are tried').env('SKEIN_CLUSTER'))
    .action(finish((options) => doctorCommand(options as DoctorCommandOptions)));
  add(program, 'validate', 'gates with pass or fail, for the data directory and its node')
    .option('--policy <file>', 'a policy in Cedar, or a ceiling in YAML, that has to be sound too')
    .option('-f, --file <cluster.yaml>', 'node groups that have to be sound too')
    .addOption(
      new Option('--dead-letters <n>', 'how many are put up with').default(100).argParser(Number),
    )
    .action(finish((options) => validateCommand(options as ValidateOptions)));
  add(program, 'nuke', 'remove what Skein made in the data directory, and nothing else')
    .option('--dry-run', 'say what would go, remove nothing', false)
    .option('--yes', 'do not ask', false)
    .option('--report <dir>', 'keep a report in this folder')
    .action(finish((options) => nukeCommand(options as NukeOptions)));
}
