/** Where daemons live, and for whom: hosts, containers, users and sandboxes, staged for real. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient } from '../../native/client.js';
import {
  as,
  CLIENTS,
  canStage,
  exec,
  host,
  NOBODY_NAMED,
  NOT_STAGED,
  namespace,
  OTHER,
  open,
  ownersIn,
  PID,
  said,
  USER,
} from '../support/hosts.js';
import { eventually, has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

beforeAll(buildClient, BUILD_MS);

/** A user database in which root's home is in the sandbox. @returns what runs a command with it */
function rootWithHome(box: Sandbox): Promise<string[]> {
  const [home, database] = [path.join(box.path, 'home-of-root'), path.join(box.path, 'passwd')];
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(database, `root:x:0:0:root:${home}:/bin/sh\n`);
  return namespace(`mount --bind ${database} /etc/passwd`);
}

describe.skipIf(!canStage).each(CLIENTS)(`hosts and containers, %s${NOT_STAGED}`, (_, client) => {
  it('two hosts on one directory, 100 calls in turn: two cold starts, nobody replaced', async () => {
    const box = sandbox();
    const service = box.service(PID);
    const hosts = [await host(box, 'boot-a', 'machine-a'), await host(box, 'boot-b', 'machine-b')];
    const pids = new Set<string>();
    for (let n = 0; n < 100; n++)
      pids.add(await said(box, [...(hosts[n % 2] ?? []), ...client, 'call', service]));
    expect(pids.size).toBe(2);
    expect(box.daemons().map(String).sort()).toEqual([...pids].sort());
  });

  it('and so do two that were copied from one image, and have one machine id', async () => {
    const box = sandbox();
    const service = box.service(PID);
    const hosts = [await host(box, 'boot-a'), await host(box, 'boot-b')];
    const pids = new Set<string>();
    for (let n = 0; n < 10; n++)
      pids.add(await said(box, [...(hosts[n % 2] ?? []), ...client, 'call', service]));
    expect(pids.size).toBe(2);
  });

  it('two containers with other files under one path: each gets its own answer', async () => {
    const box = sandbox();
    const app = path.join(box.path, 'app');
    mkdirSync(app);
    const containers = await Promise.all(
      ['one', 'two'].map(async (image) => {
        const files = path.join(box.path, image);
        mkdirSync(files);
        writeFileSync(
          path.join(files, 'svc.mjs'),
          `export default ({ stdout }) => { stdout.write('${image}'); };`,
        );
        return { image, inside: await namespace(`mount --bind ${files} ${app}`) };
      }),
    );
    for (let n = 0; n < 20; n++)
      for (const { image, inside } of containers)
        expect(await said(box, [...inside, ...client, 'call', path.join(app, 'svc.mjs')])).toBe(image);
    expect(box.daemons()).toHaveLength(2);
  });

  it('after a reboot, log and ledger are there', async () => {
    const box = sandbox();
    const service = box.service("console.log('before the reboot');\nexport default () => 0;");
    await said(box, [...client, 'call', service]);
    expect((await box.run(['stop', '--all'])).code).toBe(0);
    const later = await host(box, 'boot-later');
    await said(box, [...later, ...client, 'call', service]);
    const logs = await said(box, [...later, process.execPath, SOLOD, 'logs', '--previous', service]);
    expect(logs).toContain('before the reboot');
    const spawns = await said(box, [...later, process.execPath, SOLOD, 'spawns', '--json', service]);
    expect(spawns.match(/"reason":/g)).toHaveLength(2);
  });
});

describe.skipIf(!canStage)(`a reboot${NOT_STAGED}`, () => {
  it('leaves the names to the next boot of the same machine, at the same path', async () => {
    const box = sandbox();
    const service = box.service(PID);
    await box.run(['call', service]);
    expect((await box.run(['stop', '--all'])).code).toBe(0);
    // The machine of the record has been off since long before this boot.
    utimesSync(path.join(box.state, '.scope'), 1, 1);
    const later = await host(box, 'boot-later');
    await said(box, [...later, process.execPath, SOLOD, 'call', service]);
    expect(readdirSync(box.state).filter((name) => name.startsWith('.at-'))).toEqual([]);
    expect(box.spawns()).toHaveLength(2);
  });
});

it('a part that has not been seen for a month is collected, and a younger one is not', async () => {
  const box = sandbox();
  await box.run(['call', box.service()]);
  for (const [name, ageDays] of [
    ['.at-0000000000old', 31],
    ['.at-0000000000new', 29],
  ] as const) {
    const part = path.join(box.state, name);
    mkdirSync(path.join(part, 'echo'), { recursive: true });
    box.leaveRecord(part);
    const at = Date.now() / 1_000 - ageDays * 86_400;
    utimesSync(path.join(part, '.scope'), at, at);
  }
  const told = await box.run(['gc', '--dry-run']);
  expect(told.stdout.toString()).toBe(`would remove ${box.state}/.at-0000000000old\n`);
  await box.run(['gc']);
  expect(readdirSync(box.state).filter((name) => name.startsWith('.at-'))).toEqual(['.at-0000000000new']);
});

describe.skipIf(!canStage).each(CLIENTS)(`users, %s${NOT_STAGED}`, (_, client) => {
  const { XDG_RUNTIME_DIR: _run, ...plain } = NOBODY_NAMED;

  it('sudo, su and setpriv: everybody has a daemon, and nothing of root is left with the user', async () => {
    const { box, home } = open();
    const run = path.join(box.path, 'run');
    mkdirSync(run, { mode: 0o700 });
    chownSync(run, USER, USER);
    const service = box.service(PID);
    const root = await rootWithHome(box);
    const callers: readonly (readonly [string, readonly string[], Record<string, string | undefined>])[] = [
      ['sudo -E', root, { HOME: home, XDG_RUNTIME_DIR: run }],
      ['sudo', [], { HOME: box.path, XDG_RUNTIME_DIR: undefined }],
      ['su', as(USER), { HOME: home, XDG_RUNTIME_DIR: path.join(box.path, 'run-of-root') }],
      ['su -', as(USER), { HOME: home, XDG_RUNTIME_DIR: undefined }],
      ['setpriv', as(USER), { HOME: home, XDG_RUNTIME_DIR: run }],
    ];
    const pids = new Map<string, string>();
    for (const [how, before, env] of callers)
      pids.set(how, await said(box, [...before, ...client, 'call', service], { env: { ...plain, ...env } }));
    const owner = (how: string) => statSync(`/proc/${pids.get(how)}`).uid;
    expect(callers.map(([how]) => [how, owner(how)])).toEqual([
      ['sudo -E', 0],
      ['sudo', 0],
      ['su', USER],
      ['su -', USER],
      ['setpriv', USER],
    ]);
    expect([pids.get('su -'), pids.get('setpriv')]).toEqual([pids.get('su'), pids.get('su')]);
    expect(ownersIn(home)).toEqual(new Set([USER]));
    expect(ownersIn(run)).toEqual(new Set());
    for (const [, before, env] of callers)
      await exec(box, [...before, process.execPath, SOLOD, 'stop', '--all'], { env: { ...plain, ...env } });
    expect(box.daemons()).toEqual([]);
  });

  it('a test with a home of its own lives apart, and ends nothing of its user', async () => {
    const { box, home } = open();
    const [own, run] = [path.join(home, 'own'), path.join(home, 'run')];
    for (const directory of [own, run]) {
      mkdirSync(directory, { mode: 0o700 });
      chownSync(directory, USER, USER);
    }
    const database = path.join(box.path, 'passwd');
    writeFileSync(database, `u:x:${USER}:${USER}:u:${home}:/bin/sh\n`);
    const runtime = `/run/user/${USER}`;
    const login = await namespace(
      [
        `mount --bind ${database} /etc/passwd`,
        'mount -t tmpfs none /run',
        `mkdir -p ${runtime} && chmod 700 ${runtime} && chown ${USER} ${runtime}`,
      ].join(' && '),
    );
    const service = box.service(PID);
    const call = (env: Record<string, string>): Promise<string> =>
      said(box, [...login, ...as(USER), ...client, 'call', service], { env: { ...NOBODY_NAMED, ...env } });
    const user = await call({ HOME: home, XDG_RUNTIME_DIR: runtime });
    const apart = await call({ HOME: own, XDG_RUNTIME_DIR: runtime });
    // Longer than a new daemon takes to look for others.
    await delay(1_000);
    expect(apart).not.toBe(user);
    expect([await call({ HOME: own }), await call({ HOME: own, XDG_RUNTIME_DIR: run })]).toEqual([
      apart,
      apart,
    ]);
    expect([await call({ HOME: home }), await call({ HOME: home, XDG_RUNTIME_DIR: run })]).toEqual([
      user,
      user,
    ]);
    expect(box.daemons().map(String).sort()).toEqual([user, apart].sort());
    expect(readdirSync(run)).toEqual([]);
  });

  it('cron first or terminal first: one daemon', async () => {
    for (const order of [
      [undefined, 'run'],
      ['run', undefined],
    ]) {
      const { box, home } = open();
      const run = path.join(box.path, 'run');
      mkdirSync(run, { mode: 0o700 });
      chownSync(run, USER, USER);
      const service = box.service(PID);
      const pids = [];
      for (const dir of order) {
        const env = { ...NOBODY_NAMED, HOME: home, XDG_RUNTIME_DIR: dir && run };
        pids.push(await said(box, [...as(USER), ...client, 'call', service], { env }));
      }
      expect(new Set(pids).size).toBe(1);
    }
  });

  it('another user has taken the short directory in /tmp: one in the home takes its place', async () => {
    // An id of its own for each client: what is in /tmp is for all tests.
    const user = USER + 200 + CLIENTS.findIndex(([, of]) => of === client);
    const { box, home } = open(user);
    const taken = `/tmp/solod-${user}`;
    mkdirSync(taken, { mode: 0o777 });
    try {
      chownSync(taken, OTHER, OTHER);
      const state = path.join(box.path, 'l'.repeat(60));
      mkdirSync(state, { mode: 0o700 });
      chownSync(state, user, user);
      const env = { ...NOBODY_NAMED, SOLOD_DIR: state, HOME: home };
      const service = box.service(PID);
      const pids = new Set<string>();
      for (let n = 0; n < 3; n++)
        pids.add(await said(box, [...as(user), ...client, 'call', service], { env }));
      expect(pids.size).toBe(1);
      expect(existsSync(path.join(home, '.local/state/solod.short'))).toBe(true);
      expect(readdirSync(taken)).toEqual([]);
      const stopped = await exec(box, [...as(user), process.execPath, SOLOD, 'stop', '--all'], { env });
      expect(stopped.code).toBe(0);
    } finally {
      spawnSync('rm', ['-rf', taken]);
    }
  });
});

describe.skipIf(!canStage)(`an older release${NOT_STAGED}`, () => {
  it('whose daemon lives in XDG_RUNTIME_DIR: it is asked to end, and blocks nothing', async () => {
    const { box, home } = open();
    const run = path.join(box.path, 'run');
    mkdirSync(run, { mode: 0o700 });
    chownSync(run, USER, USER);
    const service = box.service(PID);
    const node = [...as(USER), process.execPath, SOLOD];
    const old = { ...NOBODY_NAMED, HOME: home, SOLOD_DIR: path.join(run, 'solod') };
    const before = await said(box, [...node, 'call', service], { env: old });
    // It made no record of its scope.
    spawnSync('rm', ['-r', path.join(run, 'solod', '.scope')]);
    const env = { ...NOBODY_NAMED, HOME: home, XDG_RUNTIME_DIR: run };
    const after = await said(box, [...node, 'call', service], { env });
    expect(after).not.toBe(before);
    await eventually('the old daemon has ended', () => !existsSync(`/proc/${before}`));
    expect(box.daemons().map(String)).toEqual([after]);
  });

  it('whose daemon lives in the state directory, without a record: it is the one that answers', async () => {
    const box = sandbox();
    const service = box.service(PID);
    const before = await said(box, [process.execPath, SOLOD, 'call', service]);
    spawnSync('rm', ['-r', path.join(box.state, '.scope')]);
    expect(await said(box, [process.execPath, SOLOD, 'call', service])).toBe(before);
    expect(existsSync(path.join(box.state, '.scope'))).toBe(true);
  });
});

describe('doctor --explain-place', () => {
  it('says where daemons live and why, as text and as facts', async () => {
    const box = sandbox();
    const text = (await box.run(['doctor', '--explain-place'])).stdout.toString();
    expect(text).toMatch(
      new RegExp(
        `^place     ${box.state}\nbecause   ${box.state}, by SOLOD_DIR.*\nstanding  nobody.*\nscope     [0-9.]+\n$`,
      ),
    );
    const facts = JSON.parse((await box.run(['doctor', '--explain-place', '--json'])).stdout.toString());
    expect(facts).toMatchObject({
      kind: 'place',
      base: 'named',
      root: box.state,
      standing: 'free',
      ignored: [],
    });
    // It changes nothing.
    expect(readdirSync(box.state)).toEqual([]);
    // What it prints for the scope is what a sandbox says to share it.
    await box.run(['call', box.service()]);
    const shared = await box.run(['doctor', '--explain-place', '--json'], {
      env: { SOLOD_SCOPE: facts.scope },
    });
    expect(JSON.parse(shared.stdout.toString())).toMatchObject({ standing: 'own', scope: facts.scope });
  });

  it('says why there is none, with the exit code of a call', async () => {
    const box = sandbox();
    const open = path.join(box.path, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const told = await box.run(['doctor', '--explain-place', '--state-dir', path.join(open, 'state')]);
    expect([told.code, told.stdout.toString()]).toEqual([
      77,
      expect.stringMatching(new RegExp(`^refused   the directory ${open} is above the state directory`)),
    ]);
    const word = await box.run(['doctor', '--explain-place', '--json'], { env: { SOLOD_SCOPE: 'a/b' } });
    expect([word.code, JSON.parse(word.stdout.toString()).kind]).toEqual([64, 'scope-invalid']);
  });

  it.skipIf(!canStage)('names each base that is ignored, and so does doctor', async () => {
    const { box, home } = open();
    const env = { ...NOBODY_NAMED, HOME: home, XDG_RUNTIME_DIR: home };
    const text = (await box.run(['doctor', '--explain-place'], { env })).stdout.toString();
    expect(text).toContain(`ignored   ${home} (HOME) belongs to another user\n`);
    expect(text).toContain(`ignored   ${home} (XDG_RUNTIME_DIR) belongs to another user\n`);
    const { findings } = JSON.parse((await box.run(['doctor', '--json'], { env })).stdout.toString());
    expect(findings.filter(({ kind }: { kind: string }) => kind === 'base-ignored')).toHaveLength(2);
    expect(readdirSync(home)).toEqual([]);
  });
});

it.skipIf(!canStage)(
  'a directory that may not be entered is named, and no daemon is said to be missing',
  async () => {
    const { box, home } = open();
    const env = { ...NOBODY_NAMED, HOME: home, SOLOD_DIR: home };
    const service = box.service(PID);
    const solod = (...args: string[]) => exec(box, [...as(USER), process.execPath, SOLOD, ...args], { env });
    expect((await solod('call', '--daemon', service)).code).toBe(0);
    chmodSync(home, 0o000);
    for (const args of [
      ['ls'],
      ['status'],
      ['status', service],
      ['stop', service],
      ['stop', '--all'],
      ['stop', 'echo'],
    ]) {
      const { code, stdout, stderr } = await solod(...args);
      expect([args, code, stdout.toString()]).toEqual([args, 73, '']);
      expect(stderr).toMatch(
        new RegExp(
          `^solod: the state directory ${home}.* can't be used: EACCES.* \\[SOLOD_E_STATE_DIRECTORY_UNUSABLE\\]\n$`,
        ),
      );
    }
    const doctor = await solod('doctor');
    expect([doctor.code, doctor.stdout.toString()]).toEqual([
      1,
      expect.stringContaining("can't be read: EACCES"),
    ]);
    chmodSync(home, 0o700);
    expect((await solod('stop', '--all')).code).toBe(0);
  },
);

const SECCOMP = `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
/* forbid <system call> <errno> <command>: the command runs without that system call. */
int main(int argc, char **argv) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, atoi(argv[1]), 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | atoi(argv[2])),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { 4, filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 99;
  execvp(argv[3], argv + 3);
  return 98;
}`;
/** Their numbers on x86_64 and aarch64: the headers of Linux. */
const CALLS =
  process.arch === 'x64' ? { socket: 41, connect: 42, bind: 49 } : { socket: 198, connect: 203, bind: 200 };
const ERRNOS = { EPERM: 1, EACCES: 13 };
const canFilter = process.platform === 'linux' && has('cc');

describe.skipIf(!canFilter)(
  `a sandbox without Unix sockets${canFilter ? '' : ' (skipped: needs Linux and cc)'}`,
  () => {
    function forbidding(box: Sandbox, call: keyof typeof CALLS, errno: keyof typeof ERRNOS): string[] {
      const program = path.join(box.path, 'forbid');
      if (!existsSync(program)) {
        const built = spawnSync('cc', ['-x', 'c', '-o', program, '-'], { input: SECCOMP, encoding: 'utf8' });
        expect([built.status, built.stderr]).toEqual([0, '']);
      }
      return [program, String(CALLS[call]), String(ERRNOS[errno])];
    }

    for (const [name, client] of CLIENTS)
      it.each([
        ['socket', 'EPERM'],
        ['socket', 'EACCES'],
        ['connect', 'EPERM'],
        ['connect', 'EACCES'],
        ['bind', 'EPERM'],
        ['bind', 'EACCES'],
      ] as const)(
        `%s answers %s, ${name}: the call is answered here, and --verbose says why`,
        async (call, errno) => {
          const box = sandbox();
          const service = box.service();
          const before = forbidding(box, call, errno);
          const quiet = await exec(box, [...before, ...client, 'call', service, 'hi']);
          expect([quiet.code, quiet.stderr]).toEqual([0, '']);
          expect(JSON.parse(quiet.stdout.toString()).args).toEqual(['hi']);
          const told = await exec(box, [...before, ...client, 'call', '--verbose', service, 'hi']);
          expect(told.stderr).toMatch(new RegExp(`^solod: in this process, without a daemon: .*${errno}`));
          expect(box.daemons()).toEqual([]);
          // Neither starts anything, so no failed start holds back a later one.
          for (const more of [['call', '--fallback=inline'], ['kick']]) {
            const ended = await exec(box, [...before, ...client, ...more, service]);
            expect([ended.code, ended.stderr]).toEqual([0, '']);
          }
          const left = readdirSync(box.state, { recursive: true, encoding: 'utf8' });
          expect(left.filter((name) => /spawns|tmp\./.test(name))).toEqual([]);
        },
      );

    it.each([
      ['socket', 'EPERM', /EPERM/],
      ['socket', 'EACCES', /EACCES/],
      // The errno of connect(2) comes later than the result.
      ['connect', 'EPERM', /EACCES.*its own socket/],
      ['connect', 'EACCES', /EACCES.*its own socket/],
      ['bind', 'EPERM', /EPERM/],
      ['bind', 'EACCES', /EACCES/],
    ] as const)('%s answers %s: kick() says so, and starts nothing', async (call, errno, cause) => {
      const box = sandbox();
      const library = pathToFileURL(path.join(path.dirname(SOLOD), 'index.js')).href;
      // The native client is asked by the first kick alone.
      const script = `const { kick } = await import(${JSON.stringify(library)});
        const service = ${JSON.stringify(box.service())};
        console.log(JSON.stringify([1, 2].map(() => kick({ service, daemon: 'on' }))));`;
      const kicks = [process.execPath, '--input-type=module', '-e', script];
      const results = JSON.parse(await said(box, [...forbidding(box, call, errno), ...kicks]));
      const failure = { kind: 'sockets-forbidden', cause: { message: expect.stringMatching(cause) } };
      const why = expect.stringMatching(/^a sandbox forbids Unix sockets/);
      for (const result of results) expect(result).toMatchObject({ kind: 'switched-off', why, failure });
      expect(results).toHaveLength(2);
      expect(box.daemons()).toEqual([]);
      const left = readdirSync(box.state, { recursive: true, encoding: 'utf8' });
      expect(left.filter((name) => /spawns|tmp\./.test(name))).toEqual([]);
    });

    it.each(['socket', 'connect', 'bind'] as const)(
      '%s answers EPERM: obtain() says so, and commands that only look end as they do without a daemon',
      async (call) => {
        const box = sandbox();
        const before = forbidding(box, call, 'EPERM');
        const service = box.service();
        const library = pathToFileURL(path.join(path.dirname(SOLOD), 'index.js')).href;
        const script = `const { obtain } = await import(${JSON.stringify(library)});
          const { kind, failure } = await obtain({ service: ${JSON.stringify(service)} });
          console.log(kind, failure.kind);`;
        const node = [...before, process.execPath];
        expect(await said(box, [...node, '--input-type=module', '-e', script])).toBe(
          'failed sockets-forbidden\n',
        );
        for (const [command, code] of [
          [['status', service], 69],
          [['ls'], 0],
          [['stop', '--all'], 0],
        ] as const) {
          const ended = await exec(box, [...node, SOLOD, ...command]);
          expect([command, ended.code, ended.stderr]).toEqual([command, code, '']);
        }
        expect(box.daemons()).toEqual([]);
      },
    );

    it.each(['EPERM', 'EACCES'] as const)(
      '%s: status and stop of a daemon outside name the sandbox',
      async (errno) => {
        const box = sandbox();
        const service = box.service();
        await box.run(['call', service]);
        const before = [...forbidding(box, 'connect', errno), process.execPath, SOLOD];
        const status = await exec(box, [...before, 'status', service]);
        expect([status.code, status.stderr]).toEqual([69, '']);
        expect(status.stdout.toString()).toMatch(
          new RegExp(
            `: not answering, pid \\d+ \\(a sandbox forbids Unix sockets: connect ${errno} .*\\)\n$`,
          ),
        );
        const stop = await exec(box, [...before, 'stop', service]);
        expect([stop.code, stop.stdout.toString()]).toEqual([77, '']);
        expect(stop.stderr).toMatch(
          /^solod: a sandbox forbids Unix sockets, .* \[SOLOD_E_SOCKETS_FORBIDDEN\]\n$/,
        );
        for (const command of ['status', 'stop']) {
          const { stdout } = await exec(box, [...before, command, service, '--json']);
          expect(JSON.parse(stdout.toString())).toMatchObject({ code: 'SOLOD_E_SOCKETS_FORBIDDEN' });
        }
        expect((await box.run(['status', service])).code).toBe(0);
      },
    );

    it('a daemon that is insisted on is refused with the reason, and doctor names what is forbidden', async () => {
      const box = sandbox();
      const before = [...forbidding(box, 'connect', 'EPERM'), process.execPath, SOLOD];
      const refused = await exec(box, [...before, 'call', '--daemon', box.service()]);
      expect([refused.code, refused.stdout.toString()]).toEqual([77, '']);
      expect(refused.stderr).toMatch(/^solod: a sandbox forbids Unix sockets, .*connect EPERM/);
      const doctor = await exec(box, [...before, 'doctor', '--json']);
      const { findings } = JSON.parse(doctor.stdout.toString());
      expect(findings[0]).toMatchObject({ kind: 'sandboxed', severity: 'problem' });
      expect(findings[0].what).toContain('connect');
    });
  },
);

it('a state directory behind a link that another user can replace is refused', async () => {
  const box = sandbox();
  const real = path.join(box.path, 'real');
  mkdirSync(real);
  const above = path.join(box.path, 'above');
  symlinkSync(real, above);
  // By way of a link of one's own it is used.
  const told = await box.run([
    'doctor',
    '--explain-place',
    '--json',
    '--state-dir',
    path.join(above, 'state'),
  ]);
  expect(JSON.parse(told.stdout.toString())).toMatchObject({ kind: 'place', root: path.join(real, 'state') });
  if (!canStage) return;
  spawnSync('chown', ['-h', String(OTHER), above]);
  const refused = await box.run(['call', '--state-dir', path.join(above, 'state'), box.service()]);
  expect([refused.code, refused.stderr]).toEqual([
    77,
    expect.stringContaining(`the directory ${above} is above`),
  ]);
});
