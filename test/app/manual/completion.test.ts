/** The completion of each shell has every command and every option. Shells that are there are asked. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionScript, SHELLS } from '../../../src/app/manual/completion.js';
import { consult } from '../../../src/app/manual/manual.js';
import { COMMAND_OPTIONS, OPTIONS } from '../../../src/app/options/option-table.js';

const there = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0;

describe.each(SHELLS)('for %s', (shell) => {
  const script = completionScript(shell);

  it('has every command and every option', () => {
    for (const [command, options] of Object.entries(COMMAND_OPTIONS)) {
      for (const word of command.split(' ')) expect(script).toMatch(new RegExp(`\\b${word}\\b`));
      for (const option of options)
        expect(script).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
    }
  });

  it('closes each quotation', () => {
    const code = script.replace(/^\s*#.*$/gm, '');
    const escaped = shell === 'fish' ? /'(?:[^'\\]|\\.)*'|"[^"]*"/g : /'[^']*'|"[^"]*"|\\./g;
    expect(code.replace(escaped, '')).not.toContain("'");
  });

  it.skipIf(!there(shell))('is well-formed', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'solod-completion-'));
    const file = path.join(folder, 'script');
    writeFileSync(file, script);
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect([status, stderr]).toEqual([0, '']);
  });
});

it('no other shell has one', () => {
  expect(consult('completion', 'tcsh', 'text')).toMatchObject({ kind: 'unknown' });
});

describe.skipIf(!there('bash'))('in bash', () => {
  /** What the Tab key offers after these words; the last one is not finished. */
  function offered(...words: readonly string[]): string[] {
    const ask = `
      compopt() { :; }
      ${completionScript('bash')}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _solod
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', ask, 'bash', ...words], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(Boolean);
  }

  it.each([
    [
      ['solod', 'sta'],
      ['status', 'stats'],
    ],
    [['solod', 'call', '--fal'], ['--fallback']],
    [['solod', 'call', '--fallback', ''], [...OPTIONS.fallback.choices]],
    [['solod', 'call', '--fallback', '=', 'in'], ['inline']],
    [['solod', 'call', '--errors', '='], [...OPTIONS.errors.choices]],
    [['solod', 'share', 'un'], ['uninstall']],
    [
      ['solod', 'share', 'ls', '--'],
      ['--state-dir', '--json', '--help'],
    ],
    [['solod', 'logs', '-'], ['--follow', '-f', '--lines', '-n', '--previous', '--json'].concat('--help')],
    [['solod', 'completion', ''], [...SHELLS]],
    [['solod', 'explain', 'SOLOD_E_TIMED'], ['SOLOD_E_TIMED_OUT']],
    [['solod', 'help', 'env'], ['environment']],
    [['solod', 'call', 'x.mjs', '--', '--fal'], []],
  ])('%j', (words, candidates) => {
    expect(offered(...words)).toEqual(expect.arrayContaining([...candidates]));
    if (candidates.length < 2) expect(offered(...words)).toEqual(candidates);
  });

  it('what is behind the cursor does not count', () => {
    const ask = `${completionScript('bash')}
      COMP_LINE='solod stXus'; COMP_POINT=8; COMP_WORDS=(solod stXus); COMP_CWORD=1
      _solod; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
    expect(stdout).toBe('status\nstop\nstats\n');
  });
});
