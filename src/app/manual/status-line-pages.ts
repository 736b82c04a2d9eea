/** Pages of what the status line shows at its end when something is wrong. */

import type { CodesOf } from '../texts/complaint.js';
import type { LINE_TROUBLE } from '../texts/status-line-text.js';
import type { ErrorPages } from './error-page.js';

export type LineCode = CodesOf<'line-', typeof LINE_TROUBLE>;

const STDIN = 'Standard input of the command that your prompt or status bar runs.';
const REPOSITORY = 'The repository of the directory that the line shows.';

export const LINE_PAGES: ErrorPages<LineCode> = {
  SOLOD_E_LINE_ARGUMENT: {
    happened: 'The status line was given an argument that it does not know.',
    where: 'After `--` in the command of your prompt or status bar.',
    todo: 'Give `--no-color`, `--timeout=2s` or nothing. The longest time is one minute.',
  },
  SOLOD_E_LINE_NO_OBJECT: {
    happened: 'Standard input holds something, and it is not a JSON object. The line is made without it.',
    where: STDIN,
    todo: 'Give one JSON object, or nothing: `</dev/null`.',
  },
  SOLOD_E_LINE_KEYS: {
    happened: 'A key has a value of the wrong type. The line leaves it out.',
    where: `${STDIN} The message names the key.`,
    todo: 'Give the type that `docs/status-line.md` says, or leave the key out.',
  },
  SOLOD_E_LINE_ENDLESS: {
    happened: 'Standard input stayed open. What came until then was used.',
    where: STDIN,
    todo: 'Close it, or use `</dev/null`. `--timeout=2s` waits longer.',
  },
  SOLOD_E_LINE_TOO_LONG: {
    happened: 'Standard input is longer than the status line reads. The line is made without it.',
    where: STDIN,
    todo: 'Give only the keys that the line shows.',
  },
  SOLOD_E_LINE_UNREAD: {
    happened: 'Standard input can not be read. The line is made without it.',
    where: `${STDIN} The message has what the system said.`,
    todo: 'Check where it comes from.',
  },
  SOLOD_E_LINE_DIRECTORY: {
    happened: 'The directory does not exist, or this user can not enter it. Git is not asked.',
    where: 'The working directory, or `cwd` on standard input.',
    todo: 'Change to another directory.',
  },
  SOLOD_E_LINE_NO_GIT: {
    happened: 'Git can not be started. The branch is read from the repository; changes are not shown.',
    where: 'The `PATH` of the caller.',
    todo: 'Install git, or put its directory on the `PATH`.',
  },
  SOLOD_E_LINE_SLOW_GIT: {
    happened: 'Git took too long. The next line may have the answer: a daemon asks once more.',
    where: REPOSITORY,
    todo: 'Run `git status` to see how long it takes. `--timeout=2s` waits longer.',
  },
  SOLOD_E_LINE_GIT: {
    happened: 'Git failed. The branch is read from the repository; changes are not shown.',
    where: `${REPOSITORY} The message quotes git.`,
    todo: 'Run `git status` there, and do what it says.',
  },
  SOLOD_E_LINE_BROKEN: {
    happened: 'The status line itself failed.',
    where: 'The message has the error.',
    todo: 'Please report it.',
  },
};
