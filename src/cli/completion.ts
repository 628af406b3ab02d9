/** Shell completion, made from the commands themselves: one word list a command, for bash, zsh and fish. */
import type { Command } from 'commander';

const words = (command: Command): string =>
  [
    ...command.commands.map((sub) => sub.name()),
    ...command.options.map((option) => option.long ?? ''),
  ]
    .filter(Boolean)
    .join(' ');

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function completionScript(program: Command, shell: string): string {
  const cases = program.commands.map((command) => [command.name(), words(command)] as const);
  if (shell === 'fish') {
    const top = `complete -c skein -n __fish_use_subcommand -f -a "${words(program)}"`;
    return [
      top,
      ...cases.map(
        ([name, list]) => `complete -c skein -n "__fish_seen_subcommand_from ${name}" -a "${list}"`,
      ),
    ].join('\n');
  }
  const branches = cases.map(([name, list]) => `    ${name}) words="${list}" ;;`).join('\n');
  const script = `_skein() {
  local words
  case "\${COMP_WORDS[1]}" in
${branches}
    *) words="${words(program)}" ;;
  esac
  COMPREPLY=($(compgen -o default -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _skein skein`;
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script;
}
