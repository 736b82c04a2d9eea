/** Daemons that do not answer, places that can't be used, leftovers of every kind. */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isScopeFile } from '../../../src/domain/place/layout.js';
import { eventually, isRoot, type Sandbox, sandbox } from '../support/sandbox.js';

describe('a daemon that is stopped', () => {
  it('is never replaced: the call ends within its time and names it', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [pid = 0] = box.daemons();
    process.kill(pid, 'SIGSTOP');
    const { code, stderr } = await box.run(['call', service, '--timeout', '700ms']);
    expect(code).toBe(69);
    expect(stderr).toContain(`pid ${pid}`);
    expect((await box.run(['kick', service])).stderr).toBe('');
    expect((await box.run(['serve', service])).code).toBe(0);
    expect(await box.run(['status', service, '--timeout', '300ms'])).toMatchObject({ code: 69 });
    expect(await box.run(['stop', service, '--timeout', '300ms'])).toMatchObject({ code: 69 });
    process.kill(pid, 'SIGCONT');
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('does not count as dead, even with a full backlog', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [pid = 0] = box.daemons();
    process.kill(pid, 'SIGSTOP');
    const socket = path.join(box.place(), 'current', 'sock');
    const clients: net.Socket[] = [];
    let full = false;
    while (!full && clients.length < 5_000) {
      const client = net.connect(socket);
      clients.push(client);
      full = await new Promise((resolve) => {
        client.once('connect', () => resolve(false));
        client.once('error', () => resolve(true));
      });
    }
    expect(full).toBe(true);
    const called = await box.run(['call', service, '--timeout', '500ms']);
    expect(called).toMatchObject({ code: 69 });
    expect(called.stderr).toContain(`pid ${pid}`);
    expect((await box.run(['serve', service])).code).toBe(0);
    for (const client of clients) client.destroy();
    process.kill(pid, 'SIGCONT');
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
    expect(box.spawns()).toEqual(['cold']);
  });
});

/** The directory of the name, made as solod makes it, with a leftover in it. */
function planted(box: Sandbox, plant: (place: string) => void): { service: string; place: string } {
  const service = box.service();
  const place = path.join(box.state, 'leftover');
  mkdirSync(place, { mode: 0o700 });
  plant(place);
  return { service, place };
}

const LOCK = (place: string): string => path.join(place, 'spawn.lock');
const HOUR_S = 3_600;

function foreignLock(place: string, ageS: number): void {
  writeFileSync(LOCK(place), '12345\n');
  const at = Date.now() / 1000 - ageS;
  utimesSync(LOCK(place), at, at);
}

describe('leftovers block nobody', () => {
  it.each<[string, (place: string) => void]>([
    ['a plain file as current', (place) => writeFileSync(path.join(place, 'current'), 'x')],
    ['a directory as current', (place) => mkdirSync(path.join(place, 'current'))],
    [
      'a full directory as current',
      (place) => mkdirSync(path.join(place, 'current', 'sock'), { recursive: true }),
    ],
    ['a dangling current', (place) => symlinkSync('7', path.join(place, 'current'))],
    [
      'a current that names no generation',
      (place) => symlinkSync('/nowhere/at/all', path.join(place, 'current')),
    ],
    ['a plain file as a generation', (place) => writeFileSync(path.join(place, '1'), 'x')],
    ['an empty generation', (place) => mkdirSync(path.join(place, '1'))],
    [
      'a generation with a plain file as its socket',
      (place) => {
        mkdirSync(path.join(place, '1'));
        writeFileSync(path.join(place, '1', 'sock'), '');
        symlinkSync('1', path.join(place, 'current'));
      },
    ],
    ['a half-made private directory', (place) => mkdirSync(path.join(place, 'tmp.999999-abc-0'))],
    ['trash', (place) => mkdirSync(path.join(place, 'trash.1-x', 'deep'), { recursive: true })],
    ['a foreign lock, fresh', (place) => foreignLock(place, 0)],
    ['a foreign lock, stale', (place) => foreignLock(place, HOUR_S)],
    ['a foreign lock from the future', (place) => foreignLock(place, -HOUR_S)],
    ['an empty directory as the lock', (place) => mkdirSync(LOCK(place))],
    [
      'a directory with something in it as the lock',
      (place) => mkdirSync(path.join(LOCK(place), 'x'), { recursive: true }),
    ],
    [
      'a directory that can not be read as the lock',
      (place) => {
        mkdirSync(path.join(LOCK(place), 'x'), { recursive: true });
        chmodSync(LOCK(place), 0);
      },
    ],
    ['a dangling link as the lock', (place) => symlinkSync('/nowhere/at/all', LOCK(place))],
    [
      'a lock with nonsense in it',
      (place) => {
        mkdirSync(LOCK(place));
        writeFileSync(path.join(LOCK(place), '1-abc'), '\u0000{"pid":');
      },
    ],
    ['a directory as the log', (place) => mkdirSync(path.join(place, 'log'))],
    ['a directory as the record of starts', (place) => mkdirSync(path.join(place, 'spawns.jsonl'))],
  ])('%s', async (_, plant) => {
    const box = sandbox();
    const { service, place } = planted(box, plant);
    const { code, stderr } = await box.run(['call', service, '--name', 'leftover']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(box.daemons()).toHaveLength(1);
    await eventually('no lock is left', () => !box.leftovers(place).includes('spawn.lock'));
  });

  it('a dead socket that another program made', async () => {
    const box = sandbox();
    const { service, place } = planted(box, (directory) => mkdirSync(path.join(directory, '3')));
    const server = net.createServer().listen(path.join(place, 'bound'));
    await new Promise((resolve) => server.once('listening', resolve));
    // Its name outlives it when the process is killed; renamed, it also outlives close().
    const { renameSync } = await import('node:fs');
    renameSync(path.join(place, 'bound'), path.join(place, '3', 'sock'));
    await new Promise((resolve) => server.close(resolve));
    symlinkSync('3', path.join(place, 'current'));
    expect((await box.run(['call', service, '--name', 'leftover'])).code).toBe(0);
    expect(box.generations(place)).toEqual([4]);
  });
});

describe('a state directory that can not be used is reported', () => {
  const refuse = async (box: Sandbox, directory: string, code: number, reason: RegExp): Promise<void> => {
    const ended = await box.run(['call', box.service(), '--state-dir', directory]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(reason);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(box.daemons()).toEqual([]);
  };

  it('one that others can write to', async () => {
    const box = sandbox();
    chmodSync(box.state, 0o777);
    await refuse(box, box.state, 77, /written to by others/);
  });

  it('a symbolic link', async () => {
    const box = sandbox();
    symlinkSync(box.state, path.join(box.path, 'link'));
    await refuse(box, path.join(box.path, 'link'), 77, /symbolic link/);
  });

  it('a plain file', async () => {
    const box = sandbox();
    writeFileSync(path.join(box.path, 'file'), '');
    await refuse(box, path.join(box.path, 'file'), 77, /not a directory/);
  });

  it('one below a plain file', async () => {
    const box = sandbox();
    writeFileSync(path.join(box.path, 'file'), '');
    await refuse(box, path.join(box.path, 'file', 'below'), 73, /can't be used/);
  });

  it.skipIf(!isRoot)("another user's (as root)", async () => {
    const box = sandbox();
    chownSync(box.state, 12345, 12345);
    await refuse(box, box.state, 77, /another user/);
  });

  it('a missing one is made, for its owner only', async () => {
    const box = sandbox();
    const directory = path.join(box.path, 'not', 'there', 'yet');
    expect((await box.run(['call', box.service(), '--state-dir', directory])).code).toBe(0);
    const { statSync, readdirSync } = await import('node:fs');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const name = readdirSync(directory).find((entry) => !isScopeFile(entry));
    const place = path.join(directory, name ?? '');
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(place, 'current', 'owner.json')).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(place, 'current', 'sock')).mode & 0o777).toBe(0o600);
  });

  it('a path that is too long for a socket is replaced by a short one, and two of them by two', async () => {
    const box = sandbox();
    const long = (letter: string): string => path.join(box.state, letter.repeat(120));
    const service = box.service();
    const places = new Set<string>();
    try {
      const pids: number[] = [];
      for (const letter of ['a', 'b', 'a']) {
        const { stdout } = await box.run(['call', service, '--state-dir', long(letter)]);
        pids.push(JSON.parse(stdout.toString()).pid);
        const status = await box.run(['status', service, '--state-dir', long(letter), '--json']);
        places.add(JSON.parse(status.stdout.toString()).directory);
      }
      expect(pids[0]).toBe(pids[2]);
      expect(pids[0]).not.toBe(pids[1]);
      expect([...places].every((place) => place.startsWith(`/tmp/solod-${process.getuid?.()}/`))).toBe(true);
    } finally {
      for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
      for (const place of places) rmSync(place, { recursive: true, force: true });
    }
  });
});

describe('a process that can not be started', () => {
  it.each([
    ['is not there', 'missing', /ENOENT/],
    ['can not be executed', 'plain', /EACCES/],
  ])('a node that %s', async (_, name, reason) => {
    const box = sandbox();
    writeFileSync(path.join(box.path, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
    const node = path.join(box.path, name);
    const service = box.service();
    const called = await box.run(['call', service, '--node', node]);
    expect(called.code).toBe(71);
    expect(called.stderr).toMatch(reason);
    const kicked = await box.run(['kick', service, '--node', node]);
    expect(kicked.code).toBe(71);
    expect(kicked.stderr.trim().split('\n')).toHaveLength(1);
    expect(box.leftovers()).toEqual([]);
    expect((await box.run(['call', service])).code).toBe(0);
  });

  it('one that dies at its start is reported with its last output', async () => {
    const box = sandbox();
    const node = path.join(box.path, 'node');
    writeFileSync(node, '#!/bin/sh\necho "no more toner" >&2\nexit 9\n', { mode: 0o755 });
    const { code, stderr } = await box.run(['call', box.service(), '--node', node]);
    expect(code).toBe(70);
    expect(stderr).toContain('exit code 9');
    expect(stderr).toContain('no more toner');
    expect(box.leftovers()).toEqual([]);
  });
});

describe('mistakes get one clear sentence', () => {
  it.each([
    [['call', '/no/such/service.mjs'], 66, /no service file/],
    [['call', 'SERVICE', '--name', '../up'], 64, /not a daemon name/],
    [['call', 'SERVICE', '--timeout', 'soon'], 64, /not a duration/],
    [['call'], 64, /missing required argument/],
    [['call', 'SERVICE', '--no-such-option'], 64, /unknown option/],
    [['conjure'], 64, /unknown command/],
    [['call', 'SERVICE', '--name', '-x'], 64, /--option=value/],
    [['status', '--name', ''], 64, /"" is not a daemon name/],
    [['stop'], 64, /no daemon is named/],
  ])('%j', async (args, code, sentence) => {
    const box = sandbox();
    const service = box.service();
    const ended = await box.run(args.map((arg) => (arg === 'SERVICE' ? service : arg)));
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stderr).toMatch(/^solod: /);
    expect(ended.stdout.toString()).toBe('');
    expect(box.daemons()).toEqual([]);
  });
});

describe('the log', () => {
  it('has what the daemon wrote', async () => {
    const box = sandbox();
    await box.run(['call', box.service("console.log('from the service'); export default () => 0;")]);
    expect(readFileSync(path.join(box.place(), 'log'), 'utf8')).toContain('from the service');
  });
});
