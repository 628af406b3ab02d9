/** The commands of authors and operators of skill packages, under `skein skills`. */
import type { Command } from 'commander';
import type { Add, Finish } from '../adding.ts';
import { packCommand, typesCommand } from './packing.ts';
import { listSkillsCommand, publishCommand, yankCommand } from './registry.ts';
import { inspectPackageCommand, keygenCommand, signCommand } from './signing.ts';
import { devCommand, initCommand, testCommand } from './testing.ts';

export function addPackageCommands(add: Add, finish: Finish, skills: Command): void {
  add(skills, 'init', 'make a folder with a skill that runs, its tests and its types')
    .argument('[folder]', 'its name is the name of the skill; default: here')
    .action(finish((options, folder?: string) => initCommand(folder, options)));
  add(skills, 'test', 'check types, run the examples of the manifest, tapes/ and *.test.ts')
    .argument('[folder]', 'folder with skill.json', '.')
    .option('--record', 'write a tape of each example into tapes/')
    .action(
      finish((options, folder: string) =>
        testCommand(folder, options as Parameters<typeof testCommand>[1]),
      ),
    );
  add(skills, 'dev', 'test a folder again at each save, until Ctrl-C')
    .argument('[folder]', 'folder with skill.json', '.')
    .action(finish((options, folder: string) => devCommand(folder, options)));
  add(skills, 'types', 'write skill-types.d.ts from skill.json')
    .argument('[folder]', 'folder with skill.json', '.')
    .action(finish((options, folder: string) => typesCommand(folder, options)));
  add(skills, 'pack', 'bundle a folder into one package file, its types checked')
    .argument('[folder]', 'folder with skill.json', '.')
    .option('--out <file>', 'default: NAME-VERSION.skein.json here')
    .action(finish((options, folder: string) => packCommand(folder, options)));
  add(skills, 'keygen', 'make a key that signs packages')
    .argument('[file]', 'never overwritten', 'signer.key')
    .action(finish((options, file: string) => keygenCommand(file, options)));
  add(skills, 'sign', 'add a signature to a package file')
    .argument('<file>', 'NAME-VERSION.skein.json')
    .requiredOption('--key <file>', 'made with skein skills keygen')
    .action(
      finish((options, file: string) =>
        signCommand(file, options as Parameters<typeof signCommand>[1]),
      ),
    );
  add(skills, 'publish', 'give a signed package to the node or to all nodes of its cluster')
    .argument('<file>', 'NAME-VERSION.skein.json')
    .option('--allow-older', 'though a higher version is published')
    .action(
      finish((options, file: string) =>
        publishCommand(file, options as Parameters<typeof publishCommand>[1]),
      ),
    );
  add(skills, 'yank', 'take a published version out of what ranges find')
    .argument('<skill>', 'NAME@VERSION')
    .option('--reason <text>', 'shown to who looks for it')
    .option('--undo', 'offer it again')
    .action(
      finish((options, skill: string) =>
        yankCommand(skill, options as Parameters<typeof yankCommand>[1]),
      ),
    );
  add(skills, 'ls', 'list the skills, where they come from and who signed them').action(
    finish(listSkillsCommand),
  );
  add(skills, 'inspect', 'show what is in a package file, and whether it would be believed here')
    .argument('<file>', 'NAME-VERSION.skein.json')
    .option('--signers <file>', 'default: trusted-signers.yaml of the data directory')
    .action(finish((options, file: string) => inspectPackageCommand(file, options)));
}
