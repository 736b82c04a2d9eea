/** What the Tab key offers in the real shells, with the scripts that `solod completion` prints. */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS, type Shell } from '../../../src/app/manual/completion.js';
import { COMMANDS } from '../../../src/app/options/command-table.js';
import { COMMAND_OPTIONS, type CommandName, OPTIONS } from '../../../src/app/options/option-table.js';
import { has, type Sandbox, sandbox } from '../support/sandbox.js';

const TOP = Object.keys(COMMANDS).filter((name) => !name.includes(' '));
const optionsOf = (command: CommandName): string[] => [
  ...COMMAND_OPTIONS[command].map((option) => `--${option}`),
  '--help',
];

/** A command line on which Tab is pressed, and what can stand there. */
const OFFERED: Readonly<Record<string, readonly string[]>> = {
  'solod ': TOP,
  'solod sta': ['stats', 'status'],
  'solod call --': optionsOf('call'),
  'solod call --fal': ['--fallback'],
  'solod call --fallback ': OPTIONS.fallback.choices,
  'solod call --fallback=': OPTIONS.fallback.choices,
  'solod call --fallback=in': ['inline'],
  'solod call --errors ': OPTIONS.errors.choices,
  'solod call ./li': ['lint.mjs', 'lists'],
  'solod call --state-dir ./li': ['lists'],
  'solod status ./sp': ['spaced out'],
  'solod install --bin-dir=./sp': ['spaced out'],
  'solod call x.mjs -- --fal': [],
  'solod logs --': optionsOf('logs'),
  'solod share ': ['ls', 'install', 'uninstall'],
  'solod share --': optionsOf('share'),
  'solod share ls --': optionsOf('share ls'),
  'solod share install --': optionsOf('share install'),
  'solod install --': optionsOf('install'),
  'solod stop w': ['web', 'web-2', 'wide'],
  'solod logs --name web-': ['web-2'],
  'solod path w': ['web', 'web-2'],
  'solod completion ': SHELLS,
  'solod explain SOLOD_E_TIMED': ['SOLOD_E_TIMED_OUT'],
  'solod help env': ['environment'],
  'solod help share ': ['ls', 'install', 'uninstall'],
  'solod --': ['--help', '--version'],
  'solod doctor --color=ne': ['never'],
  'solod status share --js': ['--json'],
  'solod status share --any': [],
  'solod share -- ls --st': [],
};
const LINES = Object.keys(OFFERED);
/** The command as it is on the PATH. */
const LISTS = `#!/bin/sh
[ "$*" = ls ] && printf 'web: ready, pid 7: 1 call\\nweb-2: not running\\n'
`;
const END = '----';

const searchPath = (box: Sandbox): string => `${path.join(box.path, 'bin')}:${process.env.PATH}`;

/** Answers the words that are offered, for each of `LINES` in turn, and `END` after each. */
const ASKS: Readonly<Record<Shell, (box: Sandbox, script: string) => Promise<string>>> = {
  async bash(box, script) {
    // Readline puts all candidates into the line, and the line prints its words.
    const rc = path.join(box.path, 'rc');
    writeFileSync(
      rc,
      `if [ -r /usr/share/bash-completion/bash_completion ]; then . /usr/share/bash-completion/bash_completion; fi
      . '${script}'
      bind '"\\t": insert-completions'
      solod() { printf '%s\\n' "$@" ${END}; }`,
    );
    const input = [...LINES.map((line) => `${line}\t\n`), 'exit\n'].join('');
    const env = { INPUTRC: '/dev/null', TERM: 'dumb', PATH: searchPath(box) };
    return (await box.exec('bash', ['--rcfile', rc, '-i'], { input, env })).stdout.toString();
  },

  async fish(box, script) {
    const ask = `source '${script}'; for line in $argv; complete -C $line; echo ${END}; end`;
    return (
      await box.exec('fish', ['--no-config', '-c', ask, ...LINES], { env: { PATH: searchPath(box) } })
    ).stdout.toString();
  },

  async zsh(box, script) {
    // An interactive zsh on a terminal of its own, whose builtin for candidates also writes them down.
    const found = path.join(box.path, 'found');
    const ask = `
      zmodload zsh/zpty
      zpty inner zsh -f -i
      zpty -w inner "autoload -Uz compinit; compinit -u -D; source '${script}'
      compadd() {
        local -a words
        (( \\\${@[(I)-[OAD]*]} )) || { builtin compadd -O words \\"\\$@\\"; print -rl -- \\$words >>'${found}' }
        builtin compadd \\"\\$@\\"
      }
      ask() { zle list-choices; print -r -- ${END} >>'${found}'; BUFFER= }
      zle -N ask; bindkey '^I' ask"
      for line in "$@"; do zpty -w -n inner "$line"$'\\t'; done
      zpty -w inner exit
      while zpty -r inner output; do :; done
      cat '${found}'`;
    return (
      await box.exec('zsh', ['-f', '-c', ask, 'zsh', ...LINES], { env: { PATH: searchPath(box) } })
    ).stdout.toString();
  },
};

/** The same for all shells: fish has descriptions after a tab, bash the words that were there before. */
function candidatesIn(text: string, line: string): string[] {
  const typed = line.split(' ');
  const words = text
    .split('\n')
    .map((word) => (word.split('\t')[0] ?? '').replace(/^(?:--[a-z-]+=)?(?:\.\/)?|\/$|\\(?= )/g, ''))
    .filter((word) => word !== '' && !typed.includes(word) && !typed.includes(`./${word}`));
  return [...new Set(words)].sort();
}

describe.each(SHELLS)('in %s', (shell) => {
  const there = has(shell);
  const skipped = there ? '' : ` (skipped: no ${shell})`;

  it.skipIf(!there)(`Tab offers what can stand there${skipped}`, async () => {
    const box = sandbox();
    writeFileSync(path.join(box.path, 'lint.mjs'), '');
    mkdirSync(path.join(box.path, 'lists'));
    mkdirSync(path.join(box.path, 'wide'));
    mkdirSync(path.join(box.path, 'spaced out'));
    mkdirSync(path.join(box.path, 'bin'));
    writeFileSync(path.join(box.path, 'bin/solod'), LISTS, { mode: 0o755 });
    const script = path.join(box.path, 'script');
    writeFileSync(script, (await box.run(['completion', shell])).stdout);
    const texts = (await ASKS[shell](box, script)).split(`${END}\n`);
    const offered = LINES.map((line, at) => [line, candidatesIn(texts[at] ?? '', line)]);
    expect(Object.fromEntries(offered)).toEqual(
      Object.fromEntries(LINES.map((line) => [line, [...(OFFERED[line] ?? [])].sort()])),
    );
  });
});
