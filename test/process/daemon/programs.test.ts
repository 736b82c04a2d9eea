/** Programs that know nothing of solod, and get their listener as sd_listen_fds(3) says. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type * as Solod from '../../../src/app/entry/index.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { eventually, has, ROOT, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const INDEX = new URL('../../../dist/index.js', import.meta.url).href;
const solod = (await import(INDEX)) as typeof Solod;

const PYTHON = has('python3') ? '' : ' (skipped: there is no python3)';
const CC = has('cc') ? '' : ' (skipped: there is no cc)';
const ECHO = path.join(ROOT, 'examples', 'programs', 'echo.py');
const TARGET = ['--name', 'db'];

const placeIn = (box: Sandbox): string => path.join(box.state, 'db');

/** What the owner file says, while the process that it names lives. */
function ownerIn(box: Sandbox): { pid: number; startTime: string; program?: boolean } | undefined {
  try {
    const owner = JSON.parse(readFileSync(path.join(placeIn(box), 'current', 'owner.json'), 'utf8'));
    const fields = readFileSync(`/proc/${owner.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return fields[0] !== 'Z' && fields[19] === owner.startTime ? owner : undefined;
  } catch {
    return undefined;
  }
}

const boxes: Sandbox[] = [];

/** A sandbox whose program ends with the test. */
function programBox(): Sandbox {
  const box = sandbox();
  boxes.push(box);
  return box;
}

/** Every living process whose environment says that its listener is this sandbox's. */
function programsOf(box: Sandbox): number[] {
  const listed = spawnSync('sh', ['-c', 'grep -lazF "$1" /proc/[0-9]*/environ 2>/dev/null', 'sh', box.state]);
  const pids = listed.stdout.toString().split('\n').filter(Boolean);
  return pids.map((file) => Number(file.split('/')[2])).filter((pid) => hasListener(pid));
}

/** The shell of a start is not the program yet. */
function isOnlyProgram(box: Sandbox): boolean {
  const [program, ...others] = programsOf(box);
  return program !== undefined && program === ownerIn(box)?.pid && others.length === 0;
}

function hasListener(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes('LISTEN_FDNAMES=');
  } catch {
    return false;
  }
}

afterEach(() => {
  for (const box of boxes.splice(0)) for (const pid of programsOf(box)) kill(pid);
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself in the meantime.
  }
}

/** A started daemon gets hardly anything of the environment; this says whose it is. */
const marked = (box: Sandbox) => ({ env: { LC_SOLOD_TEST: box.state } });

const connect = (box: Sandbox, input: string, ...command: string[]) =>
  box.run(['connect', ...TARGET, '--timeout', '30s', '--', ...command], { input, ...marked(box) });

const pidIn = (answer: { stdout: Buffer }): number => Number(answer.stdout.toString().split(' ')[0]);

/** A program of the tests' own, in sh. */
function script(box: Sandbox, source: string, name = 'program'): string {
  const file = path.join(box.path, name);
  writeFileSync(file, `#!/bin/sh\n${source}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe(`a Python daemon of ten lines${PYTHON}`, () => {
  const when = it.skipIf(PYTHON !== '');

  when('is one process for a storm of callers on the cold name, and stops', async () => {
    const box = programBox();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => connect(box, `${n}`, 'python3', ECHO)),
    );
    expect(answers.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      answers.map(() => ({ code: 0, stderr: '' })),
    );
    const [first] = answers;
    const pid = first === undefined ? 0 : pidIn(first);
    expect(answers.map(({ stdout }) => stdout.toString())).toEqual(answers.map((_, n) => `${pid} ${n}`));
    expect(box.spawns()).toEqual(['cold']);
    expect(ownerIn(box)).toMatchObject({ pid, program: true });
    expect(programsOf(box)).toEqual([pid]);
    const stopped = await box.run(['stop', ...TARGET, '--json']);
    expect(JSON.parse(stopped.stdout.toString())).toMatchObject({ kind: 'stopped', pid });
    expect(programsOf(box)).toEqual([]);
    expect((await box.run(['stop', ...TARGET])).code).toBe(69);
    expect(box.leftovers()).toEqual([]);
  });

  when('is followed by another when it has been killed, by its name alone as well', async () => {
    const box = programBox();
    const first = pidIn(await connect(box, 'a', 'python3', ECHO));
    process.kill(first, 'SIGKILL');
    await eventually('it has gone', () => ownerIn(box) === undefined);
    const second = await box.run(['connect', 'db'], { input: 'b', ...marked(box) });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(pidIn(second)).not.toBe(first);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    expect(programsOf(box)).toEqual([pidIn(second)]);
  });

  when('gets its name back from the next caller when `current` has been removed', async () => {
    const box = programBox();
    const first = pidIn(await connect(box, 'a', 'python3', ECHO));
    const current = path.join(box.state, 'db', 'current');
    rmSync(current);
    const answers = await Promise.all(['b', 'c'].map((text) => connect(box, text, 'python3', ECHO)));
    expect(answers.map(pidIn)).toEqual([first, first]);
    expect(readlinkSync(current)).toBe('1');
    expect((await box.run(['stop', 'db'], marked(box))).code).toBe(0);
    expect(programsOf(box)).toEqual([]);
  });

  when('is what its name alone means to every command that looks after daemons', async () => {
    const box = programBox();
    const first = pidIn(await connect(box, 'a', 'python3', ECHO));
    const text = async (...args: string[]) => {
      const { code, stdout, stderr } = await box.run(args, marked(box));
      const withoutTimes = stdout.toString().replace(/[\d.]+ (ms|s)\b/g, '…');
      return { code, stderr, stdout: withoutTimes };
    };
    for (const command of ['status', 'spawns', 'doctor', 'stats', 'logs', 'gc'])
      expect(await text(command, 'db'), command).toEqual(await text(command, '--name', 'db'));
    const restarted = JSON.parse((await text('restart', 'db', '--json')).stdout);
    expect(restarted).toMatchObject({ name: 'db', before: first });
    expect(await text('stop', 'db')).toMatchObject({ code: 0, stderr: '' });
    expect(programsOf(box)).toEqual([]);
    // A name that nobody has used is a file that is missing.
    expect(await text('stop', 'other')).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('no service file'),
    });
  });

  when('is seen by ls, status, spawns and doctor, which do not connect to it', async () => {
    const box = programBox();
    const program = script(box, 'exec sleep 60');
    const result = await solod.obtain({
      name: 'db',
      command: [program],
      stateDirectory: box.state,
      env: { ...box.env, ...marked(box).env },
      timing: { totalMs: 30_000 },
    });
    expect(result).toMatchObject({ kind: 'started', owner: { program: true } });
    const pid = result.kind === 'started' ? result.owner.pid : 0;
    const [ls, status, spawns, doctor] = await Promise.all(
      [['ls'], ['status', ...TARGET], ['spawns', ...TARGET], ['doctor', ...TARGET]].map((command) =>
        box.run(command),
      ),
    );
    expect(ls?.stdout.toString()).toContain(`db: running, pid ${pid}, up `);
    expect(status).toMatchObject({ code: 0 });
    expect(status?.stdout.toString()).toContain(program);
    expect(spawns?.stdout.toString()).toContain(`${pid}  cold, by `);
    expect(doctor?.stdout.toString()).toContain(`a daemon (pid ${pid}) is there`);
    const table = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const sockets = table.filter((line) => line.includes(`${box.state}/db/`));
    // Refcount 2 is the listener alone: each waiting connection has a socket of its own by that name.
    expect(sockets).toHaveLength(1);
  });

  when('is obtained by the library, and started anew by restart', async () => {
    const box = programBox();
    const options = {
      name: 'db',
      command: ['python3', ECHO],
      stateDirectory: box.state,
      env: { ...box.env, ...marked(box).env },
      timing: { totalMs: 30_000 },
    } as const;
    const all = await Promise.all(Array.from({ length: 20 }, () => solod.obtain(options)));
    expect(all.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill('attached'), 'started']);
    const [{ socketPath }] = all as [Extract<Solod.ObtainResult, { kind: 'attached' }>];
    const before = Number((await exchange(socketPath, 'x')).split(' ')[0]);
    const restarted = await box.run(['restart', ...TARGET, '--json'], marked(box));
    expect(JSON.parse(restarted.stdout.toString())).toMatchObject({ kind: 'started', before });
    expect(await exchange(socketPath, 'y')).toBe(`${ownerIn(box)?.pid} y`);
    expect(isOnlyProgram(box)).toBe(true);
  });

  when('serves in the foreground, with the directory and the signals of a terminal', async () => {
    const box = programBox();
    const served = box.start(['serve', ...TARGET, '--', 'python3', ECHO], marked(box));
    const ended = new Promise((resolve) => served.once('exit', (code, signal) => resolve(signal ?? code)));
    await eventually('it serves', () => ownerIn(box) !== undefined);
    const answer = await box.run(['connect', 'db'], { input: 'hello' });
    expect(answer.stdout.toString()).toBe(`${ownerIn(box)?.pid} hello`);
    const second = await box.run(['serve', ...TARGET, '--', 'python3', ECHO], marked(box));
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('is served by generation 1');
    served.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(ownerIn(box)).toBeUndefined();
  });
});

const exchange = (socketPath: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect({ path: socketPath, allowHalfOpen: true }, () => socket.end(text));
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });

it.skipIf(CC !== '')(`a C daemon serves, too${CC}`, async () => {
  const box = programBox();
  const program = path.join(box.path, 'echo');
  const source = path.join(ROOT, 'examples', 'programs', 'echo.c');
  expect(spawnSync('cc', ['-o', program, source]).status).toBe(0);
  const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => connect(box, `${n}`, program)));
  const pids = new Set(answers.map(pidIn));
  expect([...pids]).toEqual([ownerIn(box)?.pid]);
});

describe('a program', () => {
  beforeAll(buildClient, BUILD_MS);

  it('gets what sd_listen_fds(3) says, as its own, and nothing of solod', async () => {
    const box = programBox();
    const out = path.join(box.path, 'seen');
    const program = script(
      box,
      `env > ${out}.new; ls -l /proc/$$/fd >> ${out}.new; echo $$ >> ${out}.new;
      pwd >> ${out}.new; umask >> ${out}.new; mv ${out}.new ${out}; exec sleep 60`,
    );
    const options = { input: '', ...marked(box) };
    const child = box.spawn(
      'sh',
      [
        '-c',
        'umask 0; exec "$@" 5</dev/zero',
        'sh',
        process.execPath,
        SOLOD,
        'connect',
        ...TARGET,
        '--',
        program,
      ],
      options,
    );
    await eventually('it has written', () => existsSync(out));
    child.kill();
    const seen = readFileSync(out, 'utf8');
    const pid = ownerIn(box)?.pid;
    expect(seen).toContain(`LISTEN_PID=${pid}\n`);
    expect(seen).toContain('LISTEN_FDS=1\n');
    expect(seen).toContain('LISTEN_FDNAMES=db\n');
    expect(seen).toContain(`\n${pid}\n${box.path}\n0022\n`);
    expect(seen).not.toMatch(/SOLOD_(?:HANDED|SPAWN|START)/);
    expect(seen).toContain(' 0 -> /dev/null\n');
    expect(seen).toContain(' 3 -> socket:');
    expect(seen).not.toContain('/dev/zero');
    expect(seen).not.toMatch(/ [4-9] -> (?!\/)/);
  });

  it.each([
    ['that is missing', ['/no/such/program'], /ENOENT.*\/no\/such\/program/],
    ['that is nowhere on the PATH', ['no-such-program-here'], /no directory of the PATH/],
    ['that can’t be executed', ['/etc/passwd'], /EACCES/],
  ])('%s leaves no name behind', async (_, command, says) => {
    const box = programBox();
    const refused = await connect(box, '', ...command);
    expect(refused.code).toBe(71);
    expect(refused.stderr).toMatch(says);
    expect(existsSync(path.join(placeIn(box), 'current'))).toBe(false);
    expect(box.leftovers()).toEqual([]);
  });

  it('has one line in lists, whatever its arguments are', async () => {
    const box = programBox();
    const words = [script(box, 'exec sleep 60'), 'a\nfake: running, pid 1\u001b[2J'];
    expect((await box.run(['kick', ...TARGET, '--', ...words], marked(box))).code).toBe(0);
    await eventually('it runs', () => ownerIn(box) !== undefined);
    const { stdout } = await box.run(['ls']);
    expect(stdout.toString()).toMatch(
      /^db: running, pid [0-9]+, .* a\\u000afake: running, pid 1\\u001b\[2J\n$/,
    );
  });

  it('that was kicked is known by its name from then on', async () => {
    const box = programBox();
    const command = ['kick', ...TARGET, '--', script(box, 'exec sleep 60'), 'one'];
    expect((await box.run(command, marked(box))).code).toBe(0);
    await eventually('it runs', () => existsSync(path.join(placeIn(box), 'launch')));
    const first = ownerIn(box)?.pid;
    const restarted = await box.run(['restart', 'db', '--json'], marked(box));
    expect(restarted.code).toBe(0);
    expect(ownerIn(box)?.pid).not.toBe(first);
    expect((await box.run(['ls'])).stdout.toString()).toContain('program one');
  });

  const engines: [string, string[]][] = [['Node', [process.execPath, SOLOD]]];
  if (hasCargo) engines.push(['the native client', [CLIENT]]);

  it.each(engines)(
    'hears nothing of candidates of a service, and a caller is told: %s',
    async (_, solodOf) => {
      const box = programBox();
      const service = path.join(box.path, 'service.mjs');
      writeFileSync(service, 'export default () => 0;');
      const heard = path.join(box.path, 'heard');
      const source = `import { createServer } from "node:net"; import { appendFileSync } from "node:fs";
      createServer((socket) => { appendFileSync(${JSON.stringify(heard)}, "x"); socket.on("error", () => {}); }).listen({ fd: 3 });`;
      const module = path.join(box.path, 'program.mjs');
      writeFileSync(module, source);
      const program = script(box, `exec ${process.execPath} ${module}`);
      await solod.obtain({
        name: 'db',
        command: [program],
        stateDirectory: box.state,
        env: { ...box.env, ...marked(box).env },
      });
      const run = (...args: string[]) =>
        box.exec(solodOf[0] ?? '', [...solodOf.slice(1), ...args], marked(box));
      const count = (): number => (existsSync(heard) ? readFileSync(heard, 'utf8').length : 0);
      const { pid } = ownerIn(box) ?? {};
      const served = await run('serve', ...TARGET, service);
      expect(served.stderr).toContain('db is served by generation 1');
      expect((await run('kick', ...TARGET, service)).code).toBe(0);
      expect(count()).toBe(0);
      const called = await run('call', ...TARGET, '--timeout', '2s', service);
      expect(called.code).toBe(69);
      expect(called.stderr).toContain(
        `db is served by the program "${program}" (pid ${pid}), not by a service`,
      );
      expect(count()).toBeLessThanOrEqual(2);
      expect((await run('call', ...TARGET, '--fallback', 'inline', service)).code).toBe(0);
    },
  );

  it('that ends at once is told of, with where to look', async () => {
    const box = programBox();
    const ended = await connect(box, '', script(box, 'echo what was wrong >&2; exit 3'));
    // It may end after the caller has connected, or before.
    const told = {
      76: /db \(pid \d+\) ended before it answered; run "solod logs --name"/,
      70: /what was wrong|solod logs/,
    };
    expect(Object.keys(told)).toContain(String(ended.code));
    expect(ended.stderr).toMatch(told[ended.code as 70 | 76]);
    const logs = await box.run(['logs', ...TARGET]);
    expect(logs.stdout.toString()).toContain('what was wrong');
  });

  it('that ignores SIGTERM is left alone by stop, and ended by restart --force', async () => {
    const box = programBox();
    const program = script(box, 'trap "" TERM; while :; do sleep 0.1; done');
    const socket = net.connect(path.join(placeIn(box), 'current', 'sock')).on('error', () => {});
    socket.destroy();
    await solod.obtain({
      name: 'db',
      command: [program],
      stateDirectory: box.state,
      env: { ...box.env, ...marked(box).env },
      timing: { totalMs: 30_000 },
    });
    const before = ownerIn(box)?.pid;
    const stopped = await box.run(['stop', ...TARGET, '--timeout', '300ms']);
    expect(stopped.code).toBe(75);
    expect(ownerIn(box)?.pid).toBe(before);
    const restarted = await box.run(['restart', ...TARGET, '--force', '--json'], marked(box));
    expect(JSON.parse(restarted.stdout.toString())).toMatchObject({ kind: 'started', before });
  });

  it.skipIf(PYTHON !== '')(
    `that leaves its listener to a child is told of as what it is${PYTHON}`,
    async () => {
      const box = programBox();
      const file = path.join(box.path, 'leaves.py');
      writeFileSync(
        file,
        `import os, socket
s = socket.socket(fileno=3)
if os.fork(): os._exit(0)
while True:
    c, _ = s.accept()
    try: c.sendall(b"child")
    except OSError: pass
    c.close()
`,
      );
      await connect(box, '', 'python3', file);
      await eventually('the parent has gone', () => ownerIn(box) === undefined);
      const said = /its process has ended, and one that it started still has its socket/;
      const waited = await box.run(['connect', '--timeout', '2s', 'db'], marked(box));
      expect([waited.code, waited.stderr]).toEqual([69, expect.stringMatching(said)]);
      expect(waited.stderr).toMatch(/end that process, and let the program stay in the foreground/);
      for (const argv of [['status'], ['stop'], ['doctor']]) {
        const { stdout, stderr } = await box.run([...argv, 'db', '--timeout', '2s']);
        expect([argv, stdout.toString() + stderr]).toEqual([argv, expect.stringMatching(said)]);
      }
      expect(box.spawns()).toEqual(['cold']);
      for (const pid of programsOf(box)) kill(pid);
      await eventually('nobody has it', () => programsOf(box).length === 0);
      expect((await connect(box, '', 'python3', file)).code).toBe(0);
      expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    },
  );

  it.skipIf(PYTHON !== '')(`is started by a kick, for later${PYTHON}`, async () => {
    const box = programBox();
    const kicked = await box.run(['kick', ...TARGET, '--', 'python3', ECHO], marked(box));
    expect([kicked.code, kicked.stderr]).toEqual([0, '']);
    await eventually('it runs', () => ownerIn(box) !== undefined);
    const pid = ownerIn(box)?.pid;
    expect(pidIn(await connect(box, 'a', 'python3', ECHO))).toBe(pid);
    const refused = await box.run(['kick', ...TARGET, '--', 'no-such-program'], marked(box));
    expect(refused.code).toBe(0);
    const other = await box.run(['kick', '--name=other', '--', 'no-such-program'], marked(box));
    expect([other.code, other.stderr]).toEqual([71, expect.stringContaining('"no-such-program" is in no')]);
    const idle = await box.run(['kick', ...TARGET, '--workers=2', '--', 'python3', ECHO]);
    expect([idle.code, idle.stderr]).toEqual([64, expect.stringContaining('--workers has no effect')]);
  });

  it.skipIf(PYTHON !== '')(
    `is started by its name although the release that wrote it down has gone${PYTHON}`,
    async () => {
      const box = programBox();
      const first = pidIn(await connect(box, 'a', 'python3', ECHO));
      const launch = path.join(placeIn(box), 'launch');
      const [, file = '', ...rest] = readFileSync(launch, 'utf8').split('\0');
      const gone = ['/no/such/node', `/no/such/${path.basename(file)}`, ...rest];
      process.kill(first, 'SIGKILL');
      await eventually('it has gone', () => ownerIn(box) === undefined);
      writeFileSync(launch, gone.join('\0'));
      const second = await box.run(['connect', 'db'], { input: 'b', ...marked(box) });
      expect([second.code, second.stderr]).toEqual([0, '']);
    },
  );

  it('gets no options that only a service has', async () => {
    const box = programBox();
    const refused = await box.run(['serve', ...TARGET, '--workers', '2', '--', 'sleep', '60']);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('--workers has no effect on a program');
  });

  it('is not taken for a service file, nor a service file for it', async () => {
    const box = programBox();
    const service = box.service('export default ({ stdout }) => void stdout.write("served");');
    const answer = await box.run(['call', '--name', 'svc', '--', service]);
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout.toString()).toBe('served');
  });
});

/** Where in its start a program is killed: from the shell's first line to the program's. */
const DELAYS_MS = [0, 10, 20, 30, 40, 50, 60, 80, 100, 130];

describe('killed between any two steps of its start', () => {
  it.each(['the program to be', 'the claiming process'] as const)(
    '%s leaves a name that works',
    async (who) => {
      const box = programBox();
      const program = script(box, 'exec sleep 60');
      const options = {
        name: 'db',
        command: [program],
        stateDirectory: box.state,
        env: { ...box.env, ...marked(box).env },
        timing: { totalMs: 30_000 },
      } as const;
      for (const ms of DELAYS_MS) {
        const asked = solod.obtain(options);
        await delay(ms);
        for (const pid of startingIn(box, who)) kill(pid);
        await asked;
        // A signal takes effect in its time: what is obtained first may be what is about to die.
        await eventually('one serves', async () => {
          expect(await solod.obtain(options)).not.toMatchObject({ kind: 'failed' });
          return isOnlyProgram(box);
        });
        kill(ownerIn(box)?.pid ?? 0);
        await eventually('it has gone', () => programsOf(box).length === 0);
      }
    },
  );
});

function startingIn(box: Sandbox, who: 'the program to be' | 'the claiming process'): number[] {
  const listed = spawnSync('sh', ['-c', 'grep -lazF "$1" /proc/[0-9]*/cmdline 2>/dev/null', 'sh', box.state]);
  const pids = listed.stdout
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((file) => Number(file.split('/')[2]));
  return pids.filter((pid) => {
    const [program = ''] = readCommand(pid);
    return program.endsWith(who === 'the claiming process' ? 'node' : 'sh') && pid !== process.pid;
  });
}

function readCommand(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

describe('solod connect', () => {
  /** Answers with the length of what it has read to the end. */
  const LENGTH =
    'import { createServer } from "node:net"; const server = createServer({ allowHalfOpen: true }, (socket) => { let n = 0; socket.on("data", (b) => { n += b.length; }); socket.on("end", () => socket.end(String(n))); }); server.listen({ fd: 3 });';

  const nodeProgram = (box: Sandbox, source: string): string => {
    const file = path.join(box.path, 'program.mjs');
    writeFileSync(file, source);
    return script(box, `exec ${process.execPath} ${file}`);
  };

  it('ends one half when stdin ends, and carries what comes after that', async () => {
    const box = programBox();
    const answer = await connect(box, 'x'.repeat(3_000_000), nodeProgram(box, LENGTH));
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout.toString()).toBe('3000000');
  });

  it('carries stdin on when only the daemon’s output has ended', async () => {
    const box = programBox();
    const got = path.join(box.path, 'got');
    const program = nodeProgram(
      box,
      `import { createServer } from "node:net"; import { writeFileSync } from "node:fs";
       createServer({ allowHalfOpen: true }, (socket) => { socket.end("done"); let n = 0; socket.on("data", (b) => { n += b.length; }); socket.on("end", () => writeFileSync(${JSON.stringify(got)}, String(n))); }).listen({ fd: 3 });`,
    );
    const child = box.start(['connect', ...TARGET, '--timeout', '30s', '--', program], marked(box));
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await delay(300);
    child.stdin?.end('y'.repeat(100_000));
    expect(await ended).toBe(0);
    await eventually('it has read', () => existsSync(got) && readFileSync(got, 'utf8') === '100000');
  });

  it('ends when the daemon has closed the connection, though stdin is open', async () => {
    const box = programBox();
    const program = nodeProgram(
      box,
      'import { createServer } from "node:net"; createServer((socket) => socket.end("bye", () => socket.destroy())).listen({ fd: 3 });',
    );
    const child = box.start(['connect', ...TARGET, '--timeout', '30s', '--', program], marked(box));
    expect(await new Promise((resolve) => child.once('exit', (code) => resolve(code)))).toBe(0);
  });

  it('ends as by SIGPIPE when nobody reads its output', async () => {
    const box = programBox();
    const program = nodeProgram(
      box,
      'import { createServer } from "node:net"; createServer((socket) => { const go = () => { while (socket.write(Buffer.alloc(65536))); }; socket.on("drain", go).on("error", () => {}); go(); }).listen({ fd: 3 });',
    );
    const command = `"$@" | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const args = [process.execPath, SOLOD, 'connect', ...TARGET, '--timeout', '30s', '--', program];
    const ended = await box.exec('bash', ['-c', command, 'bash', ...args], marked(box));
    expect(ended.stdout.toString().trim()).toBe('141');
  });

  it('says what is missing for a name that was never started, and makes nothing', async () => {
    const box = programBox();
    const refused = await box.run(['connect', 'typo']);
    expect(refused.code).toBe(69);
    expect(refused.stderr).toContain('solod connect --name <name> -- <program>');
    expect(existsSync(path.join(box.state, 'typo'))).toBe(false);
  });

  it('refuses a launch file of a directory that others can write to', async () => {
    const box = programBox();
    mkdirSync(placeIn(box));
    writeFileSync(path.join(placeIn(box), 'launch'), '/bin/sh\0-c\0touch planted\0');
    chmodSync(placeIn(box), 0o777);
    const refused = await box.run(['connect', 'db']);
    expect(refused.code).toBe(77);
    expect(existsSync(path.join(box.path, 'planted'))).toBe(false);
  });

  it.each([
    [['connect'], 64],
    [['connect', 'one', 'two'], 64],
    [['connect', '--name', 'db', 'two'], 64],
    [['path'], 64],
    [['path', 'db', '--', 'x'], 64],
    [['connect', '--help'], 0],
  ])('%j ends with %i', async (argv, code) => {
    expect((await programBox().run(argv)).code).toBe(code);
  });
});

it('solod path prints where clients connect', async () => {
  const box = programBox();
  const printed = await box.run(['path', 'db']);
  expect(printed.stdout.toString()).toBe(`${path.join(placeIn(box), 'current', 'sock')}\n`);
});
