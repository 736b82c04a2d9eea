/** Trouble of `solod install` and `solod uninstall`. */

import { causeText } from '../../domain/procedure/cause.js';
import type { Cause } from '../../ports/readings.js';
import { coded } from './complaint.js';

/** Why a settings file can't be edited. Lines and columns count from 1, columns in UTF-16 units. */
export interface SettingsRefusal {
  readonly why: 'no-json' | 'no-object' | 'key-twice' | 'too-deep';
  /** The key that occurs twice, or whose value is not an object; undefined for the whole text. */
  readonly key?: string | undefined;
  readonly line: number;
  readonly column: number;
}

function whyNotEdited({ why, key }: SettingsRefusal): string {
  const subject = key === undefined ? 'it' : JSON.stringify(key);
  switch (why) {
    case 'no-json':
      return `${subject} is not valid JSON`;
    case 'no-object':
      return `${subject} does not hold an object`;
    case 'key-twice':
      return `${subject} occurs twice`;
    case 'too-deep':
      return `${subject} is nested too deeply`;
  }
}

const SEE_INSTALL = 'see "solod install --help"';
const BY_HAND = 'remove it by hand if you do not want it';

export const INSTALL_TROUBLE = /* @__PURE__ */ coded('install-', {
  noSystemd: (platform: string) => ({
    what: `--systemd does not work on ${platform}, which has no systemd`,
    todo: 'leave it out: a call starts the daemon',
  }),
  notInstalled: (label: string) => ({
    what: `${label} is not installed for systemd`,
    todo: SEE_INSTALL,
  }),
  notOurs: (path: string, directory: string) => ({
    what: `${path} was not written by "solod install" for ${directory} and is left as it is`,
    todo: 'move it away',
  }),
  notForUnits: (text: string) => ({
    what: `${JSON.stringify(text)} can't be written into a unit, because it holds a control character, or starts or ends with a space`,
    todo: 'rename it',
  }),
  notWritten: (path: string, cause: Cause) => ({
    what: `${path} can't be written: ${causeText(cause)}`,
    todo: 'fix that, then install again',
  }),
  notRead: (path: string, cause: Cause) => ({
    what: `${path} can't be read: ${causeText(cause)}`,
    todo: 'fix that, then try again',
  }),
  noFile: (path: string) => ({ what: `${path} is not a plain file`, todo: 'move it away, or name another' }),
  readOnly: (path: string) => ({
    what: `${path} is read-only`,
    todo: 'allow writing (chmod u+w), or name another file',
  }),
  settings: (path: string, refusal: SettingsRefusal) => ({
    what: `${path} is left as it is: ${whyNotEdited(refusal)} (line ${refusal.line}, column ${refusal.column})`,
    todo: 'fix that, then try again',
  }),
  keptChanging: (path: string) => ({
    what: `${path} is left as it is, because another program keeps writing to it`,
    todo: 'find out which, then try again',
  }),
  notShim: (path: string) => ({
    what: `${path} is there already and was not written by "solod install"`,
    todo: 'move it away, or give another name with --as',
  }),
  taken: (command: string, service: string) => ({
    what: `${command} is already installed for ${service}`,
    todo: 'uninstall that first, or give another name with --as',
  }),
  busy: (command: string, pid: number) => ({
    what: `process ${pid} is installing ${command} right now`,
    todo: 'wait until it is done, then try again',
  }),
  notForShim: (text: string) => ({
    what: `${JSON.stringify(text)} can't be written into a shell script, because it holds a line break`,
    todo: 'rename it',
  }),
  noRecord: (file: string) => ({
    what: `${file} does not say what was installed`,
    todo: 'check what it is, and move it away',
  }),
  noInstall: (asked: string) => ({ what: `${asked} is not installed`, todo: SEE_INSTALL }),
  offPath: (directory: string) => ({
    what: `${directory} is not on the PATH`,
    todo: 'add it, or use the full path of the command',
  }),
  entryChanged: (path: string, entry: string) => ({
    what: `${entry} in ${path} was changed since and is left as it is`,
    todo: BY_HAND,
  }),
  backupKept: (path: string) => ({
    what: `the previous settings are in ${path}`,
    todo: 'remove that file when you no longer need it',
  }),
  shimChanged: (path: string) => ({ what: `${path} was changed since and is left as it is`, todo: BY_HAND }),
});
