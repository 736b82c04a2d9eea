/**
 * The command on unusual machines: other namespaces, another user, no space, nothing writable, few
 * descriptors or processes, a clock that is a day off. Each call ends with the right result or with a named
 * reason. Cases that need root, or a missing tool, are skipped by name.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, eventually, has, isRoot, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const DAY_S = 86_400;
const NOBODY = 65_534;
/** solod's own failures; 70 and less are a service's, or a shell's. */
const NAMED = { from: 64, to: 78 };

const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

interface Surroundings {
  readonly what: string;
  readonly isThere: boolean;
  /** The prefix of each command. */
  readonly before: readonly string[];
}

/** Root in a container may lack the rights for it. */
const canUnshare =
  has('unshare') && spawnSync('unshare', ['--pid', '--net', '--mount', '--fork', 'true']).status === 0;

const inside = (what: string, ...flags: string[]): Surroundings => ({
  what,
  isThere: canUnshare,
  before: ['unshare', ...flags],
});

const NAMESPACES: readonly Surroundings[] = [
  inside('a network namespace of its own', '--net'),
  inside('a mount namespace of its own', '--mount'),
  inside('a pid namespace of its own', '--pid', '--fork', '--mount-proc'),
  inside(
    'pid, network and mount namespaces of its own',
    '--pid',
    '--net',
    '--mount',
    '--fork',
    '--mount-proc',
  ),
  inside('a pid namespace without a /proc of its own', '--pid', '--fork'),
];

const CLOCKS: readonly Surroundings[] = [
  { what: 'a clock a day behind', isThere: has('faketime'), before: clockOff(-DAY_S) },
  { what: 'a clock a day ahead', isThere: has('faketime'), before: clockOff(DAY_S) },
];

function clockOff(seconds: number): string[] {
  const offset = `${seconds > 0 ? '+' : ''}${seconds}`;
  return ['faketime', '--exclude-monotonic', '-f', offset];
}

function solod(box: Sandbox, before: readonly string[], ...args: string[]): Promise<Ended> {
  const [program = '', ...rest] = [...before, process.execPath, SOLOD, ...args];
  return box.exec(program, rest);
}

/** Says that the namespaces share what matters. */
const SHARED = { SOLOD_SCOPE: 'shared' };
const sharing = (before: readonly string[]): string[] => ['env', 'SOLOD_SCOPE=shared', ...before];

const answerOf = ({ stdout }: Ended): { args: string[]; pid: number } => JSON.parse(stdout.toString());

/** Either the service's own answer, or an exit code of solod with its message. */
function expectRightOrNamed(ended: Ended): void {
  if (ended.code === 0) return void expect(answerOf(ended).args).toEqual(['hi']);
  expect(ended.signal).toBeNull();
  expect(ended.code).toBeGreaterThanOrEqual(NAMED.from);
  expect(ended.code).toBeLessThanOrEqual(NAMED.to);
  expect(ended.stderr).toMatch(/^solod: [^\n]+; [^\n]+/);
}

describe('the daemon runs here, the caller runs', () => {
  for (const { what, isThere, before } of NAMESPACES)
    it.skipIf(!isThere)(`in ${what}: gets a daemon of its own`, async () => {
      const box = sandbox();
      const service = box.service();
      const first = answerOf(await box.run(['call', service, 'hi']));
      const script = '"$0" "$1" call "$2" hi && exec "$0" "$1" status "$2" --json';
      const [program = '', ...rest] = [...before, 'sh', '-c', script, process.execPath, SOLOD, service];
      const ended = await box.exec(program, rest);
      expect([ended.code, ended.stderr]).toEqual([0, '']);
      const [second, status] = ended.stdout.toString().trim().split('\n');
      expect(JSON.parse(second ?? '').pid).not.toBe(first.pid);
      expect(JSON.parse(status ?? '').pid).toBe(JSON.parse(second ?? '').pid);
      expect(answerOf(await box.run(['call', service, 'hi'])).pid).toBe(first.pid);
    });

  for (const { what, isThere, before: around } of [...NAMESPACES, ...CLOCKS])
    it.skipIf(!isThere)(`in ${what}, with the same SOLOD_SCOPE: the daemon answers`, async () => {
      const box = sandbox();
      const service = box.service();
      const before = sharing(around);
      const first = answerOf(await box.run(['call', service, 'hi'], { env: SHARED }));
      const second = await solod(box, before, 'call', service, 'hi');
      expect([second.code, second.stderr]).toEqual([0, '']);
      expect(answerOf(second).pid).toBe(first.pid);
      expect((await solod(box, before, 'status', service)).code).toBe(0);
      const kicked = await solod(box, before, 'kick', service);
      expect([kicked.code, kicked.stderr]).toEqual([0, '']);
      expect(box.daemons()).toEqual([first.pid]);
      expect((await solod(box, before, 'stop', service)).code).toBe(0);
      expect(box.daemons()).toEqual([]);
    });
});

describe('daemon and caller run', () => {
  for (const { what, isThere, before } of [...NAMESPACES, ...CLOCKS])
    it.skipIf(!isThere)(`in ${what}: one daemon, and its leftovers block nobody outside`, async () => {
      const box = sandbox();
      const service = box.service();
      const script = '"$0" "$1" call "$2" hi && "$0" "$1" call "$2" hi && "$0" "$1" status "$2" --json';
      const inside = [...sharing(before), 'sh', '-c', script, process.execPath, SOLOD, service];
      const ended = await box.exec(inside[0] ?? '', inside.slice(1));
      expect([ended.code, ended.stderr]).toEqual([0, '']);
      const [first, second, status] = ended.stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { pid: number; kind?: string });
      expect(second?.pid).toBe(first?.pid);
      expect(status).toMatchObject({ kind: 'answered', pid: first?.pid });
      // The end of a pid namespace ends its processes. The next caller may meet their leftovers, or a living daemon.
      const outside = await box.run(['call', service, 'hi'], { env: SHARED });
      expect([outside.code, outside.stderr]).toEqual([0, '']);
      expect(box.daemons()).toHaveLength(1);
    });

  it.skipIf(!canUnshare)('in two pid namespaces: the caller does not end a hung daemon', async () => {
    const box = sandbox();
    const service = box.service();
    const { pid } = answerOf(await box.run(['call', service], { env: SHARED }));
    process.kill(pid, 'SIGSTOP');
    await eventually('it has stopped', () => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    const before = sharing(['unshare', '--pid', '--fork', '--mount-proc']);
    const forced = await solod(box, before, 'restart', '--force', service);
    expect([forced.code, forced.stderr]).toEqual([
      69,
      expect.stringMatching(/another pid namespace.*end it where it runs/),
    ]);
    process.kill(pid, 'SIGCONT');
    expect(answerOf(await box.run(['call', service], { env: SHARED })).pid).toBe(pid);
  });
});

describe.skipIf(!isRoot || !has('setpriv'))('another user', () => {
  /** A sandbox that others may read. */
  function open(): { box: Sandbox; service: string } {
    const box = sandbox();
    const service = box.service();
    chmodSync(box.path, 0o755);
    return { box, service };
  }

  it('gets a separate daemon in a separate directory', async () => {
    const { box, service } = open();
    const own = path.join(box.path, 'own');
    mkdirSync(own, { mode: 0o700 });
    chownSync(own, NOBODY, NOBODY);
    const ended = await solod(box, asNobody, 'call', '--state-dir', own, service, 'hi');
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    const [pid] = box.daemons();
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\s+${NOBODY}`, 'm'));
  });

  it('does not use the directory of this user, even if it may enter it', async () => {
    const { box, service } = open();
    await box.run(['call', service]);
    const daemons = box.daemons();
    for (const mode of [0o700, 0o755]) {
      chmodSync(box.state, mode);
      chmodSync(box.place(), mode);
      const ended = await solod(box, asNobody, 'call', service, 'hi');
      expect([73, 77]).toContain(ended.code);
      expectRightOrNamed(ended);
    }
    expect(box.daemons()).toEqual(daemons);
  });

  it.skipIf(!has('prlimit'))('gets an answer or a reason with few processes allowed', async () => {
    const { box, service } = open();
    const own = path.join(box.path, 'own');
    mkdirSync(own, { mode: 0o700 });
    chownSync(own, NOBODY, NOBODY);
    // This is enough for one Node (it has seven threads), but not for two.
    for (const limit of [8, 12]) {
      const before = [...asNobody, 'prlimit', `--nproc=${limit}`];
      const args = ['call', '--state-dir', own, '--timeout', '1s', service, 'hi'];
      expectRightOrNamed(await solod(box, before, ...args));
      for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
      await eventually('they are gone', () => box.daemons().length === 0);
    }
  });
});

describe.skipIf(!canUnshare)('nothing is writable:', () => {
  const within = (script: string): string[] => [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `${script} && exec "$0" "$@"`,
  ];

  it('a full tmpfs', async () => {
    const box = sandbox();
    const service = box.service();
    const fill = `mount -t tmpfs -o size=64k,mode=0700 none "${box.state}" && { head -c 1m /dev/zero >"${box.state}/big" 2>/dev/null; true; }`;
    const ended = await solod(box, within(fill), 'call', service, 'hi');
    expectRightOrNamed(ended);
    expect(ended.code).toBe(73);
    expect(ended.stderr).toContain('ENOSPC');
  });

  it('a read-only HOME, and no other directory is named', async () => {
    const box = sandbox();
    const service = box.service();
    const home = path.join(box.path, 'home');
    mkdirSync(home);
    const mount = `mount -t tmpfs -o ro none "${home}"`;
    const bare = ['env', '-u', 'SOLOD_DIR', '-u', 'XDG_RUNTIME_DIR', '-u', 'XDG_STATE_HOME', `HOME=${home}`];
    const called = await solod(box, [...within(mount), ...bare], 'call', service, 'hi');
    expectRightOrNamed(called);
    expect([called.code, called.stderr]).toEqual([73, expect.stringContaining(`${home}/.local`)]);
    // The work is still done with --fallback inline, and a kick fails silently.
    const fallback = ['call', '--fallback', 'inline', service, 'hi'];
    const here = await solod(box, [...within(mount), ...bare], ...fallback);
    expect([here.code, answerOf(here).args]).toEqual([0, ['hi']]);
    const kicked = await solod(box, [...within(mount), ...bare], 'kick', service);
    expect([kicked.code, kicked.stderr]).toEqual([0, '']);
  });
});

describe('few descriptors', () => {
  it.each([24, 32, 64])('%i: an answer or a reason', async (limit) => {
    const box = sandbox();
    const service = box.service();
    const before = ['sh', '-c', `ulimit -n ${limit}; exec "$0" "$@"`];
    const ended = await solod(box, before, 'call', '--timeout', '3s', service, 'hi');
    // With so few, Node itself can't start, and no code of solod runs.
    if (ended.signal !== null || /node::|uv_loop_init|Assertion/.test(ended.stderr)) return;
    expectRightOrNamed(ended);
  });
});
