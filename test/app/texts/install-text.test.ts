/** Trouble of install and uninstall, in one sentence each. */

import { describe, expect, it } from 'vitest';
import { INSTALL_TROUBLE } from '../../../src/app/texts/install-text.js';
import { cause, itSays, type Says } from './says.js';

const SAYS: Says<typeof INSTALL_TROUBLE> = {
  noSystemd: [
    INSTALL_TROUBLE.noSystemd('win32'),
    '--systemd does not work on win32, which has no systemd; leave it out: a call starts the daemon',
  ],
  notInstalled: [
    INSTALL_TROUBLE.notInstalled('x'),
    'x is not installed for systemd; see "solod install --help"',
  ],
  notOurs: [
    INSTALL_TROUBLE.notOurs('/u', '/d'),
    '/u was not written by "solod install" for /d and is left as it is; move it away',
  ],
  notForUnits: [
    INSTALL_TROUBLE.notForUnits('/a\n'),
    '"/a\\n" can\'t be written into a unit, because it holds a control character, or starts or ends with a space; rename it',
  ],
  notWritten: [
    INSTALL_TROUBLE.notWritten('/u', cause),
    "/u can't be written: ENOSPC: no space left on device; fix that, then install again",
  ],
  notRead: [
    INSTALL_TROUBLE.notRead('/s', cause),
    "/s can't be read: ENOSPC: no space left on device; fix that, then try again",
  ],
  noFile: [INSTALL_TROUBLE.noFile('/s'), '/s is not a plain file; move it away, or name another'],
  readOnly: [
    INSTALL_TROUBLE.readOnly('/s'),
    '/s is read-only; allow writing (chmod u+w), or name another file',
  ],
  settings: [
    INSTALL_TROUBLE.settings('/s', { why: 'no-json', line: 3, column: 7 }),
    '/s is left as it is: it is not valid JSON (line 3, column 7); fix that, then try again',
  ],
  keptChanging: [
    INSTALL_TROUBLE.keptChanging('/s'),
    '/s is left as it is, because another program keeps writing to it; find out which, then try again',
  ],
  notShim: [
    INSTALL_TROUBLE.notShim('/b/x'),
    '/b/x is there already and was not written by "solod install"; move it away, or give another name with --as',
  ],
  taken: [
    INSTALL_TROUBLE.taken('x', '/y.mjs'),
    'x is already installed for /y.mjs; uninstall that first, or give another name with --as',
  ],
  busy: [
    INSTALL_TROUBLE.busy('x', 7),
    'process 7 is installing x right now; wait until it is done, then try again',
  ],
  notForShim: [
    INSTALL_TROUBLE.notForShim('/a\n'),
    '"/a\\n" can\'t be written into a shell script, because it holds a line break; rename it',
  ],
  noRecord: [
    INSTALL_TROUBLE.noRecord('/r.json'),
    '/r.json does not say what was installed; check what it is, and move it away',
  ],
  noInstall: [INSTALL_TROUBLE.noInstall('x'), 'x is not installed; see "solod install --help"'],
  offPath: [
    INSTALL_TROUBLE.offPath('/b'),
    '/b is not on the PATH; add it, or use the full path of the command',
  ],
  entryChanged: [
    INSTALL_TROUBLE.entryChanged('/s', 'a.b'),
    'a.b in /s was changed since and is left as it is; remove it by hand if you do not want it',
  ],
  backupKept: [
    INSTALL_TROUBLE.backupKept('/s.solod-backup'),
    'the previous settings are in /s.solod-backup; remove that file when you no longer need it',
  ],
  shimChanged: [
    INSTALL_TROUBLE.shimChanged('/b/x'),
    '/b/x was changed since and is left as it is; remove it by hand if you do not want it',
  ],
};

describe('trouble of an installation', () => itSays(SAYS));

describe('settings that can not be edited', () => {
  it.each([
    ['no-object', undefined, 'it does not hold an object'],
    ['no-object', 'a', '"a" does not hold an object'],
    ['key-twice', 'a', '"a" occurs twice'],
    ['too-deep', undefined, 'it is nested too deeply'],
  ] as const)('%s %s', (why, key, says) => {
    const { what } = INSTALL_TROUBLE.settings('/s', { why, key, line: 1, column: 2 });
    expect(what).toBe(`/s is left as it is: ${says} (line 1, column 2)`);
  });
});
