/** Installs and uninstalls in real directories, with a kill or a refusal at every call. */

import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDocuments } from '../../../src/adapters/node/files/documents.js';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import { NodeProcessTable } from '../../../src/adapters/node/processes/process-table.js';
import { type InstallRequest, planUndo } from '../../../src/app/commands/install/install-plan.js';
import { recordFile, recordsIn } from '../../../src/app/commands/install/install-record.js';
import type { Tools } from '../../../src/app/commands/install/install-tools.js';
import { type InstallOutcome, install, uninstall } from '../../../src/app/commands/install/installer.js';
import { shimText } from '../../../src/app/commands/install/shim.js';
import type { Failed } from '../../../src/ports/readings.js';
import { treeOf } from '../../support/tree.js';

const processes = new NodeProcessTable();
/** Thousands of files are written and synced, which on a disk takes most of a minute. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(SCRATCH, 'solod-install-')));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const CHANGES = new Set(['makeDirectory', 'create', 'publish', 'replace', 'removeFile', 'removeDirectory']);

/**
 * @param strike is told of every change, and the file that it makes, before it is made; what it returns is
 * what the call answers
 */
function tools(
  strike: (method: string, file: string, from: string) => Failed | undefined = () => undefined,
): Tools {
  let nonces = 0;
  const struck = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, method) => {
        const act = target[method as keyof T] as (...args: unknown[]) => unknown;
        if (!CHANGES.has(String(method))) return act;
        const made = method === 'replace' || method === 'publish' ? 1 : 0;
        return (...args: unknown[]) =>
          strike(String(method), String(args[made]), String(args[0])) ?? act(...args);
      },
    });
  return {
    files: struck(nodeFileSystem()),
    documents: struck(nodeDocuments()),
    processes,
    self: () => processes.self(),
    nonce: () => {
      nonces += 1;
      return `${process.pid}-${String(nonces).padStart(8, '0')}`;
    },
  };
}

class Killed extends Error {}

type Moment = 'before' | 'within';

/** The process is killed before the call of that number, or within it if the call is not atomic. */
function killedAt(call: number, moment: Moment): Tools {
  let calls = 0;
  return tools((method, file, from) => {
    calls += 1;
    if (calls < call) return undefined;
    if (moment === 'within' && method === 'create') writeFileSync(file, '{"half');
    if (moment === 'within' && method === 'publish') linkSync(from, file);
    throw new Killed();
  });
}

function failingAt(call: number, counted: { calls: number }): Tools {
  return tools(() => {
    counted.calls += 1;
    if (counted.calls !== call) return undefined;
    return { kind: 'failed', cause: { code: 'ENOSPC', message: 'no space left on device' } };
  });
}

const at = (...parts: readonly string[]): string => path.join(root, ...parts);
const records = (): string => at('state', 'solod', 'installs');

function request(change: Partial<InstallRequest> = {}): InstallRequest {
  const shim = { command: 'x', directory: at('bin'), argv: ['/client', 'call', '/s.mjs'] };
  return {
    records: records(),
    recordFile: recordFile(records(), at('bin', 'x'), 'linux'),
    command: 'x',
    service: '/s.mjs',
    daemon: 'x',
    shim: { path: at('bin', 'x'), text: shimText(shim, 'linux') },
    settings: { path: at('config', 'settings.json'), entry: ['status', 'line'], value: { command: 'x' } },
    ...change,
  };
}

const other = (): InstallRequest =>
  request({ settings: { path: at('config', 'settings.json'), entry: ['other'], value: 7 } });

function uninstallAll(using: Tools = tools()): void {
  for (const [file, record] of recordsIn(using, records()).records) {
    const outcome = uninstall(using, record, file);
    if (outcome.kind === 'refused') throw new Error(outcome.sentence);
  }
}

function installed(using: Tools = tools(), asked: InstallRequest = request()): InstallOutcome {
  const outcome = install(using, asked);
  if (outcome.kind === 'refused') throw new Error(outcome.sentence);
  return outcome;
}

/** Runs to the end. Returns the number of calls. */
function killEverywhere(act: (using: Tools) => void, prepare: () => void, check: () => void): number {
  for (let round = 2; round < 400; round += 1) {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    prepare();
    const call = Math.floor(round / 2);
    try {
      act(killedAt(call, round % 2 === 0 ? 'before' : 'within'));
      return call - 1;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    check();
  }
  throw new Error('it never came to its end');
}

const SETTINGS = '{\n   "mine" : [1,2 ]\n}';

function writeSettings(text = SETTINGS): void {
  mkdirSync(at('config'), { recursive: true });
  writeFileSync(at('config', 'settings.json'), text, { mode: 0o640 });
}

const settings = (): string => readFileSync(at('config', 'settings.json'), 'utf8');

/** Without what a kill before the record is there leaves of the way to it: directories, and half a record. */
function tree(): Record<string, string> {
  const all = Object.entries(treeOf(root));
  return Object.fromEntries(all.filter(([name]) => !/^state/.test(name)));
}

const SCENES: readonly (readonly [name: string, prepare: () => void])[] = [
  ['where there is nothing', () => {}],
  [
    'with settings, and a directory for commands',
    () => {
      writeSettings();
      mkdirSync(at('bin'));
    },
  ],
  ['with settings that have such an entry', () => writeSettings('{"status": {"line":0 }}')],
  [
    'with a link to settings, and a copy of somebody else',
    () => {
      writeSettings();
      mkdirSync(at('elsewhere'));
      symlinkSync(at('config', 'settings.json'), at('elsewhere', 'link.json'));
      writeFileSync(at('config', 'settings.json.solod-backup'), 'mine');
    },
  ],
];

describe.each(SCENES)('killed before any call, %s', (_, prepare) => {
  it('an installation can be undone, byte for byte', () => {
    prepare();
    const before = tree();
    const calls = killEverywhere(installed, prepare, () => {
      uninstallAll();
      expect(tree()).toEqual(before);
      expect(recordsIn(tools(), records()).records).toEqual([]);
    });
    expect(calls).toBeGreaterThan(8);
  });

  it('an installation can be repeated, and then undone', () => {
    prepare();
    const before = treeOf(root);
    installed();
    const after = tree();
    killEverywhere(installed, prepare, () => {
      expect(installed().kind).toMatch(/installed$/);
      expect(withoutNonces(tree())).toEqual(withoutNonces(after));
      uninstallAll();
      const left = Object.entries(treeOf(root)).filter(([name]) => !/^state/.test(name) || name in before);
      expect(Object.fromEntries(left)).toEqual(before);
    });
  });

  it('an installation with other options leaves nothing, the old one, or the new one', () => {
    prepare();
    const before = tree();
    const calls = killEverywhere(
      (using) => installed(using, other()),
      () => {
        prepare();
        installed();
      },
      () => {
        uninstallAll();
        expect(tree()).toEqual(before);
      },
    );
    expect(calls).toBeGreaterThan(16);
  });

  it('uninstalling can be repeated', () => {
    prepare();
    const before = treeOf(root);
    const installing = (): void => {
      prepare();
      installed();
    };
    const calls = killEverywhere(uninstallAll, installing, () => {
      uninstallAll();
      expect(withoutEmptyState(before)).toEqual(withoutEmptyState(treeOf(root)));
    });
    expect(calls).toBeGreaterThan(4);
    expect(treeOf(root)).toEqual(before);
  });

  it('uninstalling a changed installation can be repeated', () => {
    const installing = (): void => {
      prepare();
      installed();
      writeFileSync(at('config', 'settings.json'), settings().replace('{', '{"theirs":1,'));
    };
    killEverywhere(uninstallAll, installing, () => {
      uninstallAll();
      const left = JSON.parse(settings()) as { theirs: number; status?: { line?: unknown } };
      expect(left.theirs).toBe(1);
      expect(left.status?.line ?? 0).toBe(0);
    });
  });
});

const withoutNonces = (all: Record<string, string>): string[] =>
  Object.entries(all).map(([name, what]) => `${name.replace(/-[0-9]+-[0-9]+$/, '')} ${what}`);

/** What a kill between the record's end and its directories' leaves. */
const withoutEmptyState = (all: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) => !/^state(?:\/solod(?:\/installs)?)?$/.test(name)),
  );

describe.each(SCENES)('refused at any call, %s', (_, prepare) => {
  it('an installation is undone at once', () => {
    prepare();
    const before = tree();
    let refusals = 0;
    for (let call = 1, counted = { calls: call }; counted.calls >= call; call += 1) {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      prepare();
      counted = { calls: 0 };
      const outcome = install(failingAt(call, counted), request());
      if (outcome.kind !== 'refused') {
        uninstallAll();
        continue;
      }
      refusals += 1;
      expect(outcome).toMatchObject({ exitCode: 73, sentence: expect.stringContaining('ENOSPC') });
      expect(tree()).toEqual(before);
      expect(treeOf(root)).not.toHaveProperty([path.relative(root, records())]);
    }
    expect(refusals).toBeGreaterThan(8);
  });

  it('uninstalling can be repeated', () => {
    prepare();
    const before = treeOf(root);
    for (let call = 1, counted = { calls: call }; counted.calls >= call; call += 1) {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      prepare();
      installed();
      const [[file, record] = []] = recordsIn(tools(), records()).records;
      if (file === undefined || record === undefined) throw new Error('nothing was written down');
      counted = { calls: 0 };
      const outcome = uninstall(failingAt(call, counted), record, file);
      if (outcome.kind === 'refused') uninstallAll();
      expect(withoutEmptyState(withoutMadeDirectories(treeOf(root), before))).toEqual(
        withoutEmptyState(before),
      );
    }
  });
});

/** A directory that can't be removed is skipped: it may hold other files. */
const withoutMadeDirectories = (
  all: Record<string, string>,
  before: Record<string, string>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all).filter(([name, what]) => name in before || !what.startsWith('directory')),
  );

describe('installed again', () => {
  it('with the same options: nothing is written', () => {
    writeSettings();
    installed();
    const before = treeOf(root);
    const quiet = tools((method, file) => {
      throw new Error(`${method} ${file}`);
    });
    expect(installed(quiet).kind).toBe('already-installed');
    expect(treeOf(root)).toEqual(before);
  });

  it('for another service of another name: it is refused, and nothing is lost', () => {
    installed();
    const before = treeOf(root);
    const outcome = install(tools(), request({ service: '/other.mjs', daemon: 'other' }));
    expect(outcome).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('/s.mjs') });
    expect(treeOf(root)).toEqual(before);
  });

  it('if the new installation is refused, the old one stays', () => {
    writeSettings();
    installed();
    const before = treeOf(root);
    const outcome = install(
      tools(),
      request({ settings: { path: at('config', 'settings.json'), entry: ['mine', 'x'], value: 7 } }),
    );
    expect(outcome).toMatchObject({ kind: 'refused', exitCode: 65 });
    expect(treeOf(root)).toEqual(before);
  });

  it.each(['shim', 'entry'])('its missing %s is restored', (gone) => {
    writeSettings();
    installed();
    if (gone === 'shim') rmSync(at('bin', 'x'));
    else writeFileSync(at('config', 'settings.json'), SETTINGS);
    expect(installed().kind).toBe('installed');
    expect(existsSync(at('bin', 'x'))).toBe(true);
    expect(JSON.parse(settings())).toMatchObject({ status: { line: { command: 'x' } } });
    uninstallAll();
    expect(settings()).toBe(SETTINGS);
  });
});

describe('another program', () => {
  /** Writes as the settings' new text is about to be put in place. */
  const meddling = (times: number): Tools => {
    let left = times;
    return tools((method, file) => {
      if (method === 'create' || !file.includes('settings.json') || left === 0) return undefined;
      left -= 1;
      writeFileSync(at('config', 'settings.json'), `{"theirs":${left}}`);
      return undefined;
    });
  };

  it('writes to the settings meanwhile, and loses nothing', () => {
    writeSettings();
    installed(meddling(1));
    expect(JSON.parse(settings())).toMatchObject({ theirs: 0, status: { line: { command: 'x' } } });
    uninstallAll();
    expect(settings()).toBe('{"theirs":0}');
  });

  it('keeps writing: the file is left alone', () => {
    writeSettings();
    const outcome = install(meddling(100), request());
    expect(outcome).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('keeps writing') });
    expect(settings()).toMatch(/^\{"theirs":\d+\}$/);
    expect(readdirSync(root)).toEqual(['config']);
    expect(readdirSync(at('config'))).toEqual(['settings.json']);
  });

  it('has changed the entry: it stays, and so does the backup of the previous one', () => {
    writeSettings('{"status": {"line":0 }}');
    installed();
    writeFileSync(at('config', 'settings.json'), '{"status":{"line":1}}');
    const [[, record] = []] = recordsIn(tools(), records()).records;
    const planned = record && planUndo(tools(), record);
    expect(planned?.kind === 'planned' && planned.plan.notes.map(({ what }) => what)).toEqual([
      `status.line in ${at('config', 'settings.json')} was changed since and is left as it is`,
      `the previous settings are in ${at('config', 'settings.json.solod-backup')}`,
    ]);
    uninstallAll();
    expect(settings()).toBe('{"status":{"line":1}}');
    expect(readFileSync(at('config', 'settings.json.solod-backup'), 'utf8')).toBe('{"status": {"line":0 }}');
    expect(readdirSync(root)).toEqual(['config']);
  });

  it('has changed the shim: it is neither removed nor replaced', () => {
    installed();
    const changed = `${readFileSync(at('bin', 'x'), 'utf8').replace('/client', '/theirs')}`;
    writeFileSync(at('bin', 'x'), changed);
    expect(install(tools(), other())).toMatchObject({ kind: 'refused', exitCode: 73 });
    uninstallAll();
    expect(treeOf(root)).toEqual({ bin: 'directory 700', 'bin/x': expect.stringContaining('file 755') });
  });

  it.each([
    ['a file', () => writeFileSync(at('bin', 'x'), '#!/bin/sh\n')],
    [
      'a link to what was installed',
      () => {
        writeFileSync(at('mine'), request().shim.text);
        symlinkSync(at('mine'), at('bin', 'x'));
      },
    ],
    ['a link that leads nowhere', () => symlinkSync('/nowhere', at('bin', 'x'))],
    ['a directory', () => mkdirSync(at('bin', 'x'))],
  ])('has %s there: it is refused, and nothing changed', (_, put) => {
    mkdirSync(at('bin'));
    put();
    const before = treeOf(root);
    expect(install(tools(), request())).toMatchObject({ kind: 'refused', exitCode: 73 });
    expect(treeOf(root)).toEqual(before);
  });

  it('puts a file in place of the shim at the last moment: it stays', () => {
    const late = tools((method, file) => {
      if (method === 'publish' && file.startsWith(at('bin'))) mkdirSync(at('bin', 'x'));
      return undefined;
    });
    expect(install(late, request())).toMatchObject({ kind: 'refused' });
    expect(treeOf(root)).toEqual({ bin: 'directory 700', 'bin/x': 'directory 755' });
  });

  it('has put files into the directories that were made: they stay', () => {
    installed();
    writeFileSync(at('bin', 'mine'), '');
    writeFileSync(at('config', 'mine'), '');
    uninstallAll();
    expect(Object.keys(treeOf(root))).toEqual(['bin', 'bin/mine', 'config', 'config/mine']);
  });

  it('has installed another command in the same settings: each removes its own entry, in any order', () => {
    writeSettings();
    installed();
    const second = request({ command: 'y', shim: { ...request().shim, path: at('bin', 'y') } });
    installed(tools(), {
      ...second,
      settings: { path: at('config', 'settings.json'), entry: ['y'], value: 1 },
    });
    uninstallAll();
    expect(settings()).toBe(SETTINGS);
    expect(readdirSync(root)).toEqual(['config']);
  });
});

describe('another installation of the same command', () => {
  /** As the process that started this one, which lives as long. */
  function asParent(using: Tools): Tools {
    const reading = processes.lookUp(process.ppid);
    const startTime = reading.kind === 'present' ? reading.startTime : '';
    return { ...using, self: () => ({ ...processes.self(), pid: process.ppid, startTime }) };
  }

  it('that is running is waited for; a killed one is not', () => {
    writeSettings();
    const recordWritten = 9;
    expect(() => install(asParent(killedAt(recordWritten, 'before')), request())).toThrow(Killed);
    const before = treeOf(root);
    const [[file = '', record] = []] = recordsIn(tools(), records()).records;
    if (record === undefined) throw new Error('nothing was written down');
    const busy = {
      kind: 'refused',
      exitCode: 75,
      sentence: expect.stringContaining(`process ${process.ppid} is installing`),
    };
    expect(install(tools(), request())).toMatchObject(busy);
    expect(uninstall(tools(), record, file)).toMatchObject(busy);
    expect(treeOf(root)).toEqual(before);
    const gone = { ...record, by: { ...record.by, startTime: 'another' } };
    writeFileSync(file, JSON.stringify(gone));
    installed();
    uninstallAll();
    expect(settings()).toBe(SETTINGS);
  });

  it.each(['create', 'publish'])(
    'starts when this one is about to %s its record: only one continues',
    (when) => {
      writeSettings();
      let others: InstallOutcome | undefined;
      const late = tools((method, file) => {
        if (others === undefined && method === when && file.startsWith(records()))
          others = install(asParent(tools()), request());
        return undefined;
      });
      const outcome = install(late, request());
      expect([others?.kind, outcome.kind]).toEqual(['installed', 'already-installed']);
      expect(existsSync(at('bin', 'x'))).toBe(true);
      expect(JSON.parse(settings())).toMatchObject({ status: { line: { command: 'x' } } });
      uninstallAll();
      expect(settings()).toBe(SETTINGS);
      // What the one that gave way had made on the way to its record stays.
      expect(withoutEmptyState(treeOf(root))).toEqual({
        config: expect.any(String),
        'config/settings.json': expect.any(String),
      });
    },
  );
});

describe('the settings file', () => {
  it('keeps its mode and its link, and the backup has the same mode', () => {
    writeSettings();
    chmodSync(at('config', 'settings.json'), 0o600);
    symlinkSync('config/settings.json', at('link.json'));
    installed(tools(), request({ settings: { path: at('link.json'), entry: ['s'], value: 1 } }));
    expect(treeOf(root)).toMatchObject({
      'link.json': 'link to config/settings.json',
      'config/settings.json': expect.stringContaining('file 600'),
      'config/settings.json.solod-backup': expect.stringContaining('file 600'),
    });
    expect(JSON.parse(settings())).toEqual({ mine: [1, 2], s: 1 });
  });

  it.skipIf(process.getuid?.() !== 0)('keeps its owner (as root)', () => {
    writeSettings();
    chownSync(at('config', 'settings.json'), 12, 34);
    installed();
    expect(statSync(at('config', 'settings.json'))).toMatchObject({ uid: 12, gid: 34 });
    uninstallAll();
    expect(statSync(at('config', 'settings.json'))).toMatchObject({ uid: 12, gid: 34 });
  });

  it.each([
    ['that nobody may write to', () => chmodSync(at('config', 'settings.json'), 0o440), 73],
    [
      'of other bytes than UTF-8',
      () => writeFileSync(at('config', 'settings.json'), Buffer.from([0x22, 0xff])),
      73,
    ],
    [
      'that is a directory',
      () => {
        rmSync(at('config', 'settings.json'));
        mkdirSync(at('config', 'settings.json'));
      },
      73,
    ],
    [
      'that is a link which leads nowhere',
      () => {
        rmSync(at('config', 'settings.json'));
        symlinkSync('/nowhere', at('config', 'settings.json'));
      },
      73,
    ],
    [
      'below another file',
      () => {
        rmSync(at('config'), { recursive: true });
        writeFileSync(at('config'), '');
      },
      73,
    ],
    ['with a comment', () => writeFileSync(at('config', 'settings.json'), '{} // mine'), 65],
  ] as const)('%s is refused, and nothing changed', (_, spoil, exitCode) => {
    writeSettings();
    spoil();
    const before = treeOf(root);
    expect(install(tools(), request())).toMatchObject({ kind: 'refused', exitCode });
    expect(treeOf(root)).toEqual(before);
  });

  it('that has become invalid JSON: uninstalling is refused until it is fixed', () => {
    writeSettings();
    installed();
    const text = settings();
    writeFileSync(at('config', 'settings.json'), `${text},`);
    const before = treeOf(root);
    expect(() => uninstallAll()).toThrow(/not valid JSON \(line \d+, column \d+\)/);
    expect(treeOf(root)).toEqual(before);
    writeFileSync(at('config', 'settings.json'), text);
    uninstallAll();
    expect(settings()).toBe(SETTINGS);
  });
});

it('an unreadable record stops an installation', () => {
  installed();
  const [name = ''] = readdirSync(records());
  writeFileSync(path.join(records(), name), '{}');
  const before = treeOf(root);
  expect(install(tools(), request())).toMatchObject({
    kind: 'refused',
    sentence: expect.stringContaining(name),
  });
  expect(recordsIn(tools(), records())).toMatchObject({ records: [], unread: { kind: 'refused' } });
  expect(treeOf(root)).toEqual(before);
});
