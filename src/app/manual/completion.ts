/** `solod completion <shell>`: what the table of options makes of the completion of each shell. */

import { COMMANDS, DAEMON_OPERAND } from '../options/command-table.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  OPTIONS,
  type OptionName,
  type OptionSpec,
  optionHelp,
} from '../options/option-table.js';
import { ERROR_CODES } from './explain.js';
import { TOPICS } from './topics.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const isShell = (word: string): word is Shell => (SHELLS as readonly string[]).includes(word);

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bashScript();
    case 'zsh':
      return zshScript();
    case 'fish':
      return fishScript();
  }
}

const NAMES = Object.keys(COMMANDS) as readonly CommandName[];
const TOP = NAMES.filter((name) => !name.includes(' '));
const TOP_FLAGS = ['--help', '--version'] as const;
const ofShare = NAMES.filter((name) => name.startsWith('share ')).map((name) => name.slice('share '.length));

/** What may stand as an operand, or as the value of an option. */
type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' }
  /** Names of daemons, as `solod ls` says when Tab is pressed. */
  | { readonly kind: 'names' }
  | { readonly kind: 'files-and-names' }
  | { readonly kind: 'any' };

function operandOf(command: CommandName): Candidates {
  switch (command) {
    case 'explain':
      return { kind: 'words', words: ERROR_CODES };
    case 'completion':
      return { kind: 'words', words: SHELLS };
    case 'help':
      return { kind: 'words', words: [...TOP, ...Object.keys(TOPICS)] };
    case 'share':
      return { kind: 'words', words: ofShare };
    case 'connect':
    case 'path':
      return { kind: 'names' };
    default:
      if (COMMANDS[command].operand === DAEMON_OPERAND) return { kind: 'files-and-names' };
      return COMMANDS[command].operand === '' ? { kind: 'any' } : { kind: 'files' };
  }
}

/** @returns undefined for an option without a value */
function candidatesFor(command: CommandName, option: OptionName): Candidates | undefined {
  const { argument } = optionHelp(command, option);
  const { choices }: OptionSpec = OPTIONS[option];
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (option === 'name') return { kind: 'names' };
  switch (argument) {
    case undefined:
      return undefined;
    case '<dir>':
      return { kind: 'directories' };
    case '<file>':
    case '<path>':
      return { kind: 'files' };
    default:
      return { kind: 'any' };
  }
}

const flagsOf = (option: OptionName): string[] => {
  const { short }: OptionSpec = OPTIONS[option];
  return short === undefined ? [`--${option}`] : [`--${option}`, `-${short}`];
};

function bashScript(): string {
  const cases = NAMES.map((name) => bashCase(name)).join('\n');
  return `# Completion of solod for bash: source <(solod completion bash)
_solod_names() { command solod ls 2>/dev/null | sed 's/: .*//'; }
# Readline itself completes files, and knows how to quote them. It is left to that unless a name begins so.
_solod_files_and_names() {
  compopt -o default
  local names=($(compgen -W "$(_solod_names)" -- "$1")) file
  if ((\${#names[@]} > 0)); then
    compopt -o filenames
    while IFS= read -r file; do names+=("$file"); done < <(compgen -f -- "$1")
    COMPREPLY=("\${names[@]}")
  fi
}
_solod() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} word
  local line=\${COMP_LINE:0:COMP_POINT}
  COMPREPLY=()
  # The cursor may stand in the middle of a word: what is before it counts.
  while [[ -n $line && -n $cur && $line != *"$cur" ]]; do cur=\${cur%?}; done
  # Bash takes "--option=value" apart at the "=".
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if ((COMP_CWORD == 1)); then
    if [[ $cur == -* ]]; then word='${TOP_FLAGS.join(' ')}'; else word='${TOP.join(' ')}'; fi
    COMPREPLY=($(compgen -W "$word" -- "$cur"))
    return
  fi
  for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    if [[ $word == -- ]]; then compopt -o default; return; fi
  done
  if [[ $command == share ]] && ((COMP_CWORD > 2)); then
    case \${COMP_WORDS[2]} in ${ofShare.join(' | ')}) command="share \${COMP_WORDS[2]}" ;; esac
  fi
  if [[ $command == help ]] && ((COMP_CWORD > 2)); then
    if [[ $prev == share ]]; then COMPREPLY=($(compgen -W '${ofShare.join(' ')}' -- "$cur")); fi
    return
  fi
  case $command in
${cases}
  esac
}
complete -F _solod solod
`;
}

function bashCase(name: CommandName): string {
  const options = COMMAND_OPTIONS[name];
  const values = options.flatMap((option) => {
    const candidates = candidatesFor(name, option);
    if (candidates === undefined) return [];
    return [`        ${flagsOf(option).join(' | ')}) ${bashReply(candidates)}; return ;;`];
  });
  const ofValues = values.length === 0 ? [] : ['      case $prev in', ...values, '      esac'];
  const flags = options.flatMap(flagsOf).join(' ');
  return [
    `    ${JSON.stringify(name)})`,
    ...ofValues,
    `      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${`${flags} --help`.trim()}' -- "$cur")); else ${bashReply(operandOf(name))}; fi`,
    '      ;;',
  ].join('\n');
}

function bashReply(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W '${candidates.words.join(' ')}' -- "$cur"))`;
    case 'files':
      return 'compopt -o default';
    case 'directories':
      return 'compopt -o dirnames';
    case 'names':
      return 'COMPREPLY=($(compgen -W "$(_solod_names)" -- "$cur"))';
    case 'files-and-names':
      return '_solod_files_and_names "$cur"';
    case 'any':
      return ':';
  }
}

/** Inside single quotes. */
const quoted = (text: string): string => text.replaceAll("'", "'\\''");
const forZsh = (text: string): string => quoted(text.replace(/[[\]:\\]/g, '\\$&'));

function zshScript(): string {
  const commands = TOP.map((name) => `    '${name}:${forZsh(COMMANDS[name].summary)}'`).join('\n');
  const cases = NAMES.map((name) => zshCase(name)).join('\n');
  return `#compdef solod
# Completion of solod for zsh: solod completion zsh > a directory of $fpath/_solod, or source it after compinit
_solod_names() {
  local -a names=(\${(f)"$(command solod ls 2>/dev/null | sed 's/: .*//')"})
  compadd -a names
}
_solod_files_and_names() { _solod_names; _files; }
_solod() {
  local -a commands=(
${commands}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then _values flag '--help[print help]' '--version[print the version]'
    else _describe command commands; fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  if [[ $command == share ]] && (( CURRENT > 2 )); then
    case $words[2] in
      (${ofShare.join('|')})
        command="share $words[2]"
        shift words
        (( CURRENT-- ))
        ;;
    esac
  fi
  case $command in
${cases}
  esac
}
if [[ $funcstack[1] == _solod ]]; then _solod "$@"; elif (( $+functions[compdef] )); then compdef _solod solod; fi
`;
}

function zshCase(name: CommandName): string {
  const specs = COMMAND_OPTIONS[name].flatMap((option) => {
    const candidates = candidatesFor(name, option);
    const help = forZsh(optionHelp(name, option).help);
    const mark = candidates === undefined ? '' : '=';
    const value = candidates === undefined ? '' : `:value:${zshAction(candidates)}`;
    const { short }: OptionSpec = OPTIONS[option];
    const brief = short === undefined ? [] : [`'-${short}[${help}]${value}'`];
    return [`'--${option}${mark}[${help}]${value}'`, ...brief];
  });
  const operand = `'1: :${zshAction(operandOf(name))}'`;
  const lines = [...specs, "'--help[print help]'", operand, ...zshRest(name)];
  return `    ('${name}') _arguments -S ${lines.join(' \\\n      ')} ;;`;
}

/** What may follow the operand. */
function zshRest(name: CommandName): readonly string[] {
  if (name === 'help') return [`'2: :{ [[ $words[2] == share ]] && compadd ${ofShare.join(' ')} }'`];
  return TAKES_ARGUMENTS.test(COMMANDS[name].operand) ? ["'*: :_default'"] : [];
}

const TAKES_ARGUMENTS = /\.\.\.\]|^\[name\]$/;

function zshAction(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `(${candidates.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'directories':
      return '_directories';
    case 'names':
      return '_solod_names';
    case 'files-and-names':
      return '_solod_files_and_names';
    case 'any':
      return ' ';
  }
}

function fishScript(): string {
  const commands = TOP.map(
    (name) =>
      `complete -c solod -f -n __fish_use_subcommand -a ${name} -d '${forFish(COMMANDS[name].summary)}'`,
  );
  return [
    '# Completion of solod for fish: solod completion fish > ~/.config/fish/completions/solod.fish',
    "function __solod_names; command solod ls 2>/dev/null | string replace -r ': .*' ''; end",
    '# Whether the line begins with solod and these words. What the service is called does not count.',
    'function __solod_is',
    '    set -l words (commandline -opc)',
    '    test "$words[2]" = "$argv[1]"; or return 1',
    `    if test "$argv[1]" = share; and contains -- "$words[3]" ${ofShare.join(' ')}`,
    '        test "$words[3]" = "$argv[2]"',
    '    else',
    '        test (count $argv) -eq 1',
    '    end',
    'end',
    ...TOP_FLAGS.map((flag) => `complete -c solod -n __fish_use_subcommand -l ${flag.slice(2)}`),
    ...commands,
    ...NAMES.flatMap(fishLines),
    '',
  ].join('\n');
}

const forFish = (text: string): string => text.replace(/[\\']/g, '\\$&');

function fishLines(name: CommandName): string[] {
  const when = `complete -c solod -n '__solod_is ${name}'`;
  const options = COMMAND_OPTIONS[name].map((option) => {
    const { short }: OptionSpec = OPTIONS[option];
    const brief = short === undefined ? '' : ` -s ${short}`;
    const help = forFish(optionHelp(name, option).help);
    return `${when} -l ${option}${brief}${fishValue(candidatesFor(name, option))} -d '${help}'`;
  });
  options.push(`${when} -l help -d 'print help'`);
  if (name === 'help') options.push(...fishHelp());
  const operand = name === 'help' ? undefined : fishOperand(operandOf(name));
  return operand === undefined ? options : [...options, `${when} ${operand}`];
}

/** A topic or a command, and what belongs to it. */
function fishHelp(): readonly string[] {
  const words = [...TOP, ...Object.keys(TOPICS)].join(' ');
  const at = (count: number, more: string): string =>
    `complete -c solod -f -n '__solod_is help; and test (count (commandline -opc)) -eq ${count}${more}'`;
  return [
    "complete -c solod -f -n '__solod_is help'",
    `${at(2, '')} -a '${words}'`,
    `${at(3, '; and contains share (commandline -opc)')} -a '${ofShare.join(' ')}'`,
  ];
}

/** @returns undefined where fish offers files by itself */
function fishOperand(operand: Candidates): string | undefined {
  switch (operand.kind) {
    case 'words':
      return `-f -a '${operand.words.join(' ')}'`;
    case 'names':
      return "-f -a '(__solod_names)'";
    case 'files-and-names':
      return "-a '(__solod_names)'";
    case 'files':
    case 'directories':
    case 'any':
      return undefined;
  }
}

function fishValue(candidates: Candidates | undefined): string {
  switch (candidates?.kind) {
    case undefined:
      return '';
    case 'words':
      return ` -x -a '${candidates?.words.join(' ')}'`;
    case 'files':
    case 'files-and-names':
      return ' -r -F';
    case 'names':
      return " -x -a '(__solod_names)'";
    case 'directories':
      return " -x -a '(__fish_complete_directories)'";
    case 'any':
      return ' -x';
  }
}
