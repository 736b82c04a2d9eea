/** Every sentence that is said on failure: what happened, where, and what to do. */

import { describe, expect, it } from 'vitest';
import {
  type Complaint,
  complaintOf,
  kickWarning,
  LINE_TROUBLE,
  sentence,
  TROUBLE,
  textOf,
  USAGE,
} from '../../../src/app/texts/failure-text.js';
import type { Failure, Phase } from '../../../src/domain/failure.js';
import type { Distrust } from '../../../src/domain/place/state-directory.js';
import { ownerOf } from '../../support/plans.js';

const cause = { code: 'ENOSPC', message: 'no space left on device' };
const spoken = { code: 'EROFS', message: "EROFS: read-only file system, mkdir '/d'" };
const owner = ownerOf({ pid: 42, startTime: '1' });
const directory = '/d';
const died = {
  kind: 'died-at-start',
  directory,
  pid: 7,
  code: 3,
  signal: undefined,
  lastOutput: '',
} as const;
const coded = (code: string) => ({ code, message: 'as the system says' });

type Kind = Failure['kind'];
type Example<K extends Kind> = { readonly failure: Extract<Failure, { kind: K }>; readonly says: string };

/** A kind that is missing here does not compile. */
const FAILURES: { readonly [K in Kind]: readonly [Example<K>, ...Example<K>[]] } = {
  'invalid-request': [{ failure: { kind: 'invalid-request', message: 'a; b' }, says: 'a; b' }],
  'no-home': [
    {
      failure: { kind: 'no-home' },
      says: 'there is no home directory for daemons to live in; set HOME, or SOLOD_DIR to the directory of the daemons',
    },
  ],
  'no-daemon-program': [
    {
      failure: { kind: 'no-daemon-program' },
      says: "the program of solod's daemon is neither beside this program nor in a package solod that it finds; install the package solod where this program is",
    },
  ],
  'service-missing': [
    {
      failure: { kind: 'service-missing', path: '/s.mjs' },
      says: "there is no service file /s.mjs, or it can't be read; give the path of one that you may read",
    },
  ],
  'service-unknown': [
    {
      failure: { kind: 'service-unknown', asked: 'solod:x', known: 'solod:status-line' },
      says: '"solod:x" is no service that comes with solod; write solod:status-line, or give the path of a file',
    },
  ],
  'state-directory-distrusted': [
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'link' },
      says: 'the state directory /d is a symbolic link; name the directory itself',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'no-directory' },
      says: 'the state directory /d is no directory; move it away, or name another place with SOLOD_DIR',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'foreign' },
      says: 'the state directory /d belongs to another user; name a directory of your own with SOLOD_DIR',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'writable-by-others' },
      says: 'the state directory /d can be written to by others; take that away (chmod go-w), or name another place with SOLOD_DIR',
    },
  ],
  'state-directory-unusable': [
    {
      failure: { kind: 'state-directory-unusable', path: '/d', cause: spoken },
      says: "the state directory /d can't be used: EROFS: read-only file system, mkdir '/d'; mend that, or name another place with SOLOD_DIR",
    },
  ],
  'not-removed': [
    {
      failure: { kind: 'not-removed', path: '/d/3', cause },
      says: "/d/3 can't be removed: ENOSPC: no space left on device; remove it by hand, as the user that it belongs to",
    },
  ],
  'lock-error': [
    {
      failure: { kind: 'lock-error', path: '/d/spawn.lock', cause },
      says: "the spawn lock /d/spawn.lock can't be taken: ENOSPC: no space left on device; mend that, or name another place with SOLOD_DIR",
    },
  ],
  'spawn-refused': [
    {
      failure: { kind: 'spawn-refused', directory, cause },
      says: 'the daemon of /d can\'t be started: ENOSPC: no space left on device; "solod doctor" looks for the reason',
    },
    ...['ENOENT', 'EACCES', 'ENOEXEC'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; check the program that runs it (--node, or the command)`,
    })),
    ...['EAGAIN', 'ENOMEM'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; end other processes, or raise their limit (ulimit -u)`,
    })),
    ...['EMFILE', 'ENFILE'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; close files, or raise their limit (ulimit -n)`,
    })),
  ],
  'spawn-threw': [
    {
      failure: { kind: 'spawn-threw', directory, cause: coded('E2BIG') },
      says: "the daemon of /d can't be started, the call itself failed: E2BIG: as the system says; give it fewer or other arguments, or a smaller environment",
    },
  ],
  'died-at-start': [
    {
      failure: died,
      says: 'the daemon of /d (pid 7) ended with exit code 3 before it served; mend the reason and call again; its log is /d/log, and it wrote nothing',
    },
    {
      failure: { ...died, code: undefined, signal: 'SIGSEGV', lastOutput: ' \n' },
      says: 'the daemon of /d (pid 7) ended by SIGSEGV before it served; mend the reason and call again; its log is /d/log, and it wrote nothing',
    },
    {
      failure: {
        ...died,
        code: undefined,
        lastOutput: '\nSyntaxError: x\n',
        word: { kind: 'failed', stage: 'loading', message: 'x' },
      },
      says: 'the daemon of /d (pid 7) ended with exit code ? while loading before it served; mend the reason and call again; its log is /d/log, and it wrote last: \nSyntaxError: x',
    },
    {
      failure: { ...died, word: { kind: 'failed', stage: 'loading', message: 'Error: y' } },
      says: 'the daemon of /d (pid 7) ended with exit code 3 while loading before it served; mend the reason and call again; its log is /d/log, and it wrote last: \nError: y',
    },
  ],
  'crash-loop': [
    {
      failure: {
        kind: 'crash-loop',
        directory,
        failures: 3,
        untilMs: 9_000,
        waitMs: 4_200,
        message: 'Error: no',
      },
      says: 'the daemon of /d failed at its start 3 times in a row; mend the service, which is then tried at once, or say "solod restart"; the next try comes in 4.2 s; the last one failed with: Error: no',
    },
  ],
  outdated: [{ failure: { kind: 'outdated', message: 'too old; update' }, says: 'too old; update' }],
  vacant: [
    {
      failure: { kind: 'vacant', directory },
      says: 'no daemon of /d took the call at the first look; one is started for the next time',
    },
  ],
  'switched-off': [
    {
      failure: { kind: 'switched-off', why: 'SOLOD=off' },
      says: 'no daemon is used here: SOLOD=off; ask for one with --daemon or SOLOD=on',
    },
  ],
  'still-loading': [
    {
      failure: { kind: 'still-loading', directory, pid: 7, forMs: 2_340 },
      says: 'the daemon of /d (pid 7) has been loading its service for 2.3 s and has not answered yet; wait longer with --timeout',
    },
  ],
  'not-ended': [
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'still-there', pid: 7 } },
      says: 'the daemon of /d does not answer, and its process 7 is still there after SIGKILL; it hangs in the kernel: wait for the disk or network that it waits for, or use another --name',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'refused', pid: 7, cause } },
      says: 'the daemon of /d does not answer, and ending its process 7 was refused: ENOSPC: no space left on device; end it as the user that it belongs to',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'unproven', pid: 7, why: 'ancestor' } },
      says: 'the daemon of /d does not answer, and it is what this very process was started from, and is not ended; end it from somewhere else',
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: 7, why: 'not-visible' },
      },
      says: "the daemon of /d does not answer, and its process can't be told for sure from here (another pid namespace?); end it where it runs",
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: undefined, why: 'no-owner' },
      },
      says: 'the daemon of /d does not answer, and its owner file says nothing of its process; end it by hand',
    },
  ],
  'timed-out': [
    {
      failure: { kind: 'timed-out', directory, phase: 'lock', afterMs: 2_000.4, pid: undefined },
      says: 'another caller is starting the daemon of /d, and it did not appear within 2000 ms; try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'ready', afterMs: 1_499.6, pid: 7 },
      says: 'the daemon of /d was started (pid 7) and did not answer within 1500 ms; it may still come up: try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'ready', afterMs: 1_500, pid: undefined },
      says: 'the daemon of /d was started (pid ?) and did not answer within 1500 ms; it may still come up: try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'answer', afterMs: 2_000, pid: undefined },
      says: 'the daemon of /d kept ending its connections and did not answer within 2000 ms; try again, or wait longer with --timeout',
    },
  ],
  'not-answering': [
    {
      failure: { kind: 'not-answering', directory: '/d', owner, afterMs: 2_000, cause: undefined },
      says: 'the daemon "name" (pid 42) of /d is there and did not answer within 2000 ms; try again, or end it with "solod restart --force" or "kill 42"',
    },
    {
      failure: { kind: 'not-answering', directory: '/d', owner: undefined, afterMs: 2_000, cause },
      says: 'the daemon of /d is there and did not answer within 2000 ms (ENOSPC: no space left on device); try again, or end it with "solod restart --force"',
    },
  ],
  declined: [
    {
      failure: { kind: 'declined', message: '/s.mjs does not load', exitCode: 70 },
      says: "the daemon can't serve; mend what it says, and the next call tries anew: /s.mjs does not load",
    },
  ],
  'claim-failed': [
    {
      failure: { kind: 'claim-failed', act: 'listening in', path: '/d/tmp.7-a', cause },
      says: 'the name can\'t be claimed: listening in /d/tmp.7-a failed: ENOSPC: no space left on device; "solod doctor" looks for the reason',
    },
  ],
  'claim-unsettled': [
    {
      failure: { kind: 'claim-unsettled', path: '/d', rounds: 64 },
      says: "the name can't be claimed: /d kept changing through 64 rounds; find out who else writes there, then try again",
    },
  ],
};

const USAGES: { readonly [K in keyof typeof USAGE]: readonly [complaint: Complaint, says: string] } = {
  noService: [USAGE.noService(), 'no service is named; give its file'],
  noDaemon: [USAGE.noDaemon(), 'no daemon is named; give a service file, or --name'],
  name: [
    USAGE.name('x y'),
    '"x y" is no daemon name; write 1 to 64 letters, digits, ".", "_" or "-", the first a letter or a digit',
  ],
  allAndOne: [USAGE.allAndOne(), '--all means every daemon; name none beside it'],
  dashValue: [
    USAGE.dashValue(),
    'an option is followed by another option instead of its value; write a value that begins with "-" as --option=value',
  ],
  duration: [
    USAGE.duration('grace', '1x'),
    '--grace 1x is no duration; write 500ms, 10s, 15m or 1h (without a unit: seconds)',
  ],
  size: [
    USAGE.size('memory-limit', '1x'),
    '--memory-limit 1x is no size; write 512M or 2G (without a unit: bytes)',
  ],
  pid: [USAGE.pid('tether', 'x'), '--tether x is no process id; write the number that ps shows'],
  count: [USAGE.count('lines', 'x'), '--lines x is no number of lines; write one from 0 to 999999999'],
  word: [
    USAGE.word('fallback', 'x', ['wait', 'inline']),
    '--fallback x is none of its values; write wait or inline',
  ],
  switch: [USAGE.switch('x'), 'SOLOD=x is none of its values; write on or off, or unset it'],
  apart: [USAGE.apart('--a', '--b'), "--a and --b don't go together; give one of them"],
  noDirectory: [
    USAGE.noDirectory(),
    'the working directory of this process does not exist any more; change to another one',
  ],
  platform: [
    USAGE.platform('win32'),
    'solod does not run on win32, for want of Unix sockets; use Linux or macOS (on Windows: WSL)',
  ],
  project: [USAGE.project('/p'), 'the project directory /p does not exist; give the root of the project'],
  needs: [USAGE.needs('--a', '--b'), '--a says nothing without --b; give --b as well'],
  command: [
    USAGE.command('a b'),
    '"a b" can\'t be typed as a command; give another with --as: 1 to 64 letters, digits, ".", "_" or "-", the first a letter or a digit',
  ],
  relative: [
    USAGE.relative('bin-dir', 'bin'),
    '--bin-dir bin is no absolute path; write one that begins with "/"',
  ],
  noHome: [USAGE.noHome(), 'there is no home directory to install in; set HOME'],
  entry: [
    USAGE.entry('a..b'),
    '--entry a..b is no path of keys; write keys with a "." between them, as in statusLine or editor.formatter',
  ],
  value: [
    USAGE.value('x'),
    '--value x is no JSON; write JSON, in which "{command}" stands for the path of the installed command',
  ],
  severalInstalled: [
    USAGE.severalInstalled('x.mjs', ['/a/x', '/b/x']),
    'x.mjs is installed as /a/x, /b/x; say which with --as and --bin-dir',
  ],
};

const TROUBLES: { readonly [K in keyof typeof TROUBLE]: readonly [complaint: Complaint, says: string] } = {
  lost: [
    TROUBLE.lost(cause),
    'the connection to the daemon was lost after the call had begun: no space left on device; see whether the call was carried out before you repeat it',
  ],
  stream: [
    TROUBLE.stream('stdout', cause),
    'stdout of this process failed: no space left on device; see where it leads to',
  ],
  notAsked: [
    TROUBLE.notAsked('x: not answering'),
    'can\'t be asked to stop: x: not answering; try again; "solod restart --force" ends one that does not answer',
  ],
  stillThere: [
    TROUBLE.stillThere('x', 7, 2),
    'x (pid 7) was asked to stop and still finishes its work (calls in flight: 2); wait longer with --timeout',
  ],
  noLog: [
    TROUBLE.noLog('x', '/d/log'),
    'x has no log /d/log: nothing has been started for that name, or a service manager keeps what it prints; look there, or start it',
  ],
  noLogYet: [TROUBLE.noLogYet('x', '/d/log'), 'x has no log /d/log yet; it is waited for; Ctrl-C ends that'],
  noStarts: [
    TROUBLE.noStarts('x', '/d/spawns.jsonl'),
    'no start of x is written down in /d/spawns.jsonl; "solod ls" tells which daemons there are',
  ],
  noLanes: [
    TROUBLE.noLanes('x'),
    'no process was ever started for x, so that there is nothing to draw; "solod spawns" without --svg tells what was refused',
  ],
  notDrawn: [
    TROUBLE.notDrawn('/d/x.svg', cause),
    "/d/x.svg can't be written: ENOSPC: no space left on device; name another file with --svg",
  ],
  notInstalled: [TROUBLE.notInstalled('x', 'systemd'), 'x is not installed for systemd; see "solod install"'],
  notOurs: [
    TROUBLE.notOurs('/u', '/d'),
    '/u was not written by "solod install" for /d, and is left as it is; move it away',
  ],
  notForUnits: [
    TROUBLE.notForUnits('/a\n'),
    '"/a\\n" can\'t be written into a unit, for it holds a control character, or begins or ends with a space; rename it',
  ],
  notWritten: [
    TROUBLE.notWritten('/u', cause),
    "/u can't be written: ENOSPC: no space left on device; mend that, then install again",
  ],
  notRead: [
    TROUBLE.notRead('/s', cause),
    "/s can't be read: ENOSPC: no space left on device; mend that, then try again",
  ],
  noFile: [TROUBLE.noFile('/s'), '/s is no plain file; move it away, or name another'],
  readOnly: [TROUBLE.readOnly('/s'), '/s may not be written to; allow it (chmod u+w), or name another file'],
  settings: [
    TROUBLE.settings('/s', { why: 'no-json', key: '', line: 3, column: 7 }),
    '/s is left as it is: it is not valid JSON (line 3, column 7); mend that, then try again',
  ],
  keptChanging: [
    TROUBLE.keptChanging('/s'),
    '/s is left as it is, for somebody else keeps writing to it; find out who, then try again',
  ],
  notShim: [
    TROUBLE.notShim('/b/x'),
    '/b/x is there already, and is not what "solod install" wrote; move it away, or give another name with --as',
  ],
  taken: [
    TROUBLE.taken('x', '/y.mjs'),
    'x is already installed for /y.mjs; uninstall that first, or give another name with --as',
  ],
  busy: [TROUBLE.busy('x', 7), 'x is being installed just now, by process 7; wait for that, then try again'],
  notForShim: [
    TROUBLE.notForShim('/a\n'),
    '"/a\\n" can\'t be written into a shell script, for it holds a line break; rename it',
  ],
  noRecord: [
    TROUBLE.noRecord('/r.json'),
    '/r.json does not say what was installed; see what it is, and move it away',
  ],
  noInstall: [TROUBLE.noInstall('x'), 'x is not installed; see "solod install"'],
  offPath: [
    TROUBLE.offPath('/b'),
    '/b is not on the PATH; add it there, or give the whole path of the command',
  ],
  entryChanged: [
    TROUBLE.entryChanged('/s', 'a.b'),
    'a.b in /s was changed since, and is left as it is; remove it by hand if it is not wanted',
  ],
  backupKept: [
    TROUBLE.backupKept('/s.solod-backup'),
    'what stood in the settings before is in /s.solod-backup; remove that file when it is not needed any more',
  ],
  shimChanged: [
    TROUBLE.shimChanged('/b/x'),
    '/b/x was changed since, and is left as it is; remove it by hand if it is not wanted',
  ],
  outdated: [
    TROUBLE.outdated('x', 2),
    'the daemon of x is newer than this solod, and speaks wire 2; update this one, or use another --name',
  ],
  noService: [
    TROUBLE.noService('/s.mjs', 'the default export is a string'),
    '/s.mjs exports no service: the default export is a string; export an async function, or what defineService returns, as the default export',
  ],
  hiddenName: [
    TROUBLE.hiddenName('/s.mjs', 'x'),
    "/s.mjs has its name x where callers can't read it; write it as a literal, first in defineService({ name: '…' })",
  ],
  hiddenVariable: [
    TROUBLE.hiddenVariable('/s.mjs', 'TOKEN'),
    "/s.mjs names the variable TOKEN of its environment where callers can't read it; write environment: ['…'] with literals, before run, in defineService",
  ],
  notLoaded: [TROUBLE.notLoaded('/s.mjs', 'Error: x'), '/s.mjs does not load; mend what this says: Error: x'],
};

const LINE_TROUBLES: {
  readonly [K in keyof typeof LINE_TROUBLE]: readonly [complaint: Complaint, says: string];
} = {
  argument: [
    LINE_TROUBLE.argument('--x'),
    '--x is no argument of the status line; give --no-color, --timeout=2s or none',
  ],
  noObject: [LINE_TROUBLE.noObject(), 'stdin holds no JSON object; give one, or nothing'],
  keys: [LINE_TROUBLE.keys(['cost', 'model.id']), 'stdin: wrong type of cost, model.id; left out'],
  endless: [LINE_TROUBLE.endless(1_000), 'stdin did not end within 1000 ms; close it'],
  tooLong: [LINE_TROUBLE.tooLong(1_048_576), 'stdin has more than 1048576 bytes; give less'],
  unread: [
    LINE_TROUBLE.unread(cause),
    "stdin can't be read: ENOSPC: no space left on device; see where it comes from",
  ],
  directory: [
    LINE_TROUBLE.directory(cause),
    "the directory can't be read: ENOSPC: no space left on device; go elsewhere",
  ],
  noGit: [
    LINE_TROUBLE.noGit(cause),
    "git can't be started: ENOSPC: no space left on device; see whether it is on the PATH",
  ],
  slowGit: [LINE_TROUBLE.slowGit(500), 'git did not answer within 500 ms; try "git status"'],
  git: [LINE_TROUBLE.git('fatal: x'), 'git failed; it says: fatal: x'],
  broken: [LINE_TROUBLE.broken(cause), 'the status line failed: no space left on device; report it'],
};

describe('a sentence for each failure', () => {
  const all: readonly { readonly failure: Failure; readonly says: string }[] = Object.values(FAILURES).flat();

  it.each(all)('$says', ({ failure, says }) => {
    expect(sentence(failure)).toBe(says);
  });

  it('names where it happened, and what to do', () => {
    for (const { failure } of all) {
      if (failure.kind === 'invalid-request' || failure.kind === 'outdated') continue;
      const { what, todo } = complaintOf(failure);
      const where = 'directory' in failure ? failure.directory : 'path' in failure ? failure.path : undefined;
      if (where !== undefined) expect(what).toContain(where);
      expect(todo).not.toBe('');
    }
  });

  it('is another one for each kind, each phase, and each reason not to trust a directory', () => {
    const reasons: Readonly<Record<Distrust, true>> = {
      link: true,
      'no-directory': true,
      foreign: true,
      'writable-by-others': true,
    };
    const phases: Readonly<Record<Phase, true>> = { lock: true, ready: true, answer: true };
    const failures: Failure[] = [
      ...Object.values(FAILURES).map(([{ failure }]) => failure),
      ...Object.keys(reasons).map(
        (why) => ({ kind: 'state-directory-distrusted', path: '/e', why }) as Failure,
      ),
      ...Object.keys(phases).map(
        (phase) => ({ kind: 'timed-out', directory: '/e', phase, afterMs: 1, pid: 1 }) as Failure,
      ),
    ];
    const sentences = failures.map(sentence);
    expect(new Set(sentences).size).toBe(failures.length);
    for (const text of sentences) expect(text).not.toMatch(/undefined|NaN|\[object|[.\s]$/);
  });
});

describe('a sentence for whatever else goes wrong', () => {
  it.each([...Object.values(USAGES), ...Object.values(TROUBLES), ...Object.values(LINE_TROUBLES)])(
    '$1',
    (complaint, says) => {
      expect(textOf(complaint)).toBe(says);
      expect(complaint.todo).not.toBe('');
    },
  );

  it.each([
    ['no-object', '', 'it holds no object'],
    ['no-object', 'a', '"a" holds no object'],
    ['key-twice', 'a', '"a" stands there twice'],
    ['too-deep', '', 'it is nested too deeply'],
  ] as const)('settings that can not be edited: %s %s', (why, key, says) => {
    const { what } = TROUBLE.settings('/s', { why, key, line: 1, column: 2 });
    expect(what).toBe(`/s is left as it is: ${says} (line 1, column 2)`);
  });

  it('a kick that started a daemon, but not as it should', () => {
    expect(kickWarning({ kind: 'lock-error', path: '/d/spawn.lock', cause })).toBe(
      'the daemon was started without the spawn lock /d/spawn.lock, which can\'t be taken: ENOSPC: no space left on device; "solod doctor" looks for the reason',
    );
    expect(kickWarning({ kind: 'overrode-lock', ageMs: 2_340 })).toBe(
      'the daemon was started although another start has been under way for 2.3 s; if that happens again, "solod logs" may say why it takes so long',
    );
  });
});
