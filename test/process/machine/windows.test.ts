/** Node for Windows under Wine: the commands, storms, kills, an impostor. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/app/environment/version.js';
import { contractProgram, expectContractKept } from '../support/contract-bundle.js';
import { eventually, ROOT, SOLOD } from '../support/sandbox.js';
import { BOOT_MS, type Ended, hasWine, LEFT_OUT, onDrive, Wine, type WineBox } from '../support/wine.js';

const CALLERS = 10;
const ROUNDS = 20;
/** Ten processes of Wine at once, on a machine with few cores. */
const STORM_MS = 600_000;

describe.skipIf(!hasWine)(`on Windows${LEFT_OUT}`, () => {
  let wine: Wine;
  beforeAll(() => {
    wine = new Wine();
    wine.boot();
  }, BOOT_MS);
  afterAll(() => wine.end());

  const pidIn = ({ stdout }: Ended): number => JSON.parse(stdout).pid;

  async function called(box: WineBox, service: string, word = 'x'): Promise<number> {
    const ended = await box.run(['call', service, '--timeout', '60s', '--', word]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout).args).toEqual([word]);
    return pidIn(ended);
  }

  async function storm(box: WineBox, service: string): Promise<void> {
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, n) => called(box, service, `call ${n}`)),
    );
    expect(new Set(answers).size).toBe(1);
    await eventually('one daemon is left', () => box.daemons().length === 1);
  }

  it('its adapters keep the contract', async () => {
    const box = wine.box();
    const said = path.join(box.path, 'said.json');
    const out = openSync(said, 'w');
    const checking = box.node([path.basename(await contractProgram(box.path))], ['ignore', out, 'ignore']);
    closeSync(out);
    expect(await new Promise((resolve) => checking.once('exit', resolve))).toBe(0);
    expectContractKept(readFileSync(said, 'utf8'));
  });

  it('call, kick, status, ls, logs, restart, stop', async () => {
    const box = wine.box();
    const service = box.service();
    expect((await box.run(['status', service])).stdout).toContain('not running');
    expect(await box.run(['kick', service])).toMatchObject({ code: 0, stderr: '' });
    const pid = await called(box, service);
    for (let n = 0; n < 3; n++) await box.run(['kick', service]);
    expect(await called(box, service, 'again')).toBe(pid);
    expect((await box.run(['status', service])).stdout).toContain(`ready, pid ${pid}`);
    expect((await box.run(['ls'])).stdout).toContain(`pid ${pid}`);
    expect((await box.run(['logs', service])).stdout).toContain(`pid ${pid}`);
    expect(box.starts()).toBe(1);
    expect((await box.run(['restart', service])).code).toBe(0);
    const next = await called(box, service);
    expect(next).not.toBe(pid);
    expect((await box.run(['stop', service])).stdout).toContain(`stopped (pid ${next}`);
    expect((await box.run(['status', service])).stdout).toContain('not running');
    expect(readdirSync(path.join(box.place(), 'current')).sort()).toEqual(['alive', 'owner.json', 'sock']);
  });

  it('serve: one serves in the foreground, the next one gives way', async () => {
    const box = wine.box();
    const service = box.service();
    const serving = box.node([SOLOD, 'serve', service], 'ignore');
    try {
      await eventually('it serves', async () =>
        (await box.run(['status', service])).stdout.includes('ready'),
      );
      expect((await box.run(['serve', service])).code).toBe(0);
      await called(box, service);
      expect((await box.run(['stop', service])).code).toBe(0);
    } finally {
      serving.kill('SIGKILL');
    }
  });

  it('install: a batch file that calls; uninstall leaves nothing', async () => {
    const box = wine.box();
    const service = box.service();
    const bin = path.join(box.path, 'a bin', 'deep');
    const installed = ['install', service, '--as', 'say', '--bin-dir', onDrive(bin)];
    const dry = await box.run([...installed, '--dry-run', '--json']);
    expect([dry.code, JSON.parse(dry.stdout).kind, existsSync(bin)]).toEqual([0, 'dry-run', false]);
    expect((await box.run(installed)).code).toBe(0);
    expect((await box.run(installed)).stdout).toContain('already installed');
    const command = onDrive(path.join(bin, 'say.cmd'));
    const spoken = await box.shell(`echo some input| "${command}" "two words" "a&b" --stdin --exit=7`);
    expect(spoken.code).toBe(7);
    expect(JSON.parse(spoken.stdout)).toMatchObject({
      args: ['two words', 'a&b', '--stdin', '--exit=7'],
      read: expect.stringContaining('some input'),
    });
    expect((await box.run(['uninstall', 'say'])).code).toBe(0);
    expect(readdirSync(box.path)).not.toContain('a bin');
    expect((await box.run(['uninstall', 'say'])).code).toBe(69);
  });

  it('install: settings, byte for byte what they were', async () => {
    const box = wine.box();
    const settings = path.join(box.path, 'settings.json');
    const before = '{\r\n  "theme": "dark"\r\n}\r\n';
    writeFileSync(settings, before);
    const bin = onDrive(path.join(box.path, 'bin'));
    const at = ['--as', 'line', '--bin-dir', bin, '--settings', onDrive(settings)];
    expect((await box.run(['install', box.service(), ...at])).code).toBe(0);
    expect(JSON.parse(readFileSync(settings, 'utf8')).statusLine.command).toContain('line.cmd');
    expect((await box.run(['uninstall', 'line'])).code).toBe(0);
    expect(readFileSync(settings, 'utf8')).toBe(before);
    expect(readdirSync(box.path).filter((name) => /^(?:bin|settings)/.test(name))).toEqual(['settings.json']);
  });

  it('doctor says what is wrong, and gc removes it', async () => {
    const box = wine.box();
    const service = box.service();
    const found = async (): Promise<readonly { kind: string; severity: string }[]> => {
      const { stdout } = await box.run(['doctor', '--json']);
      return JSON.parse(stdout).findings;
    };
    await called(box, service);
    const healthy = await found();
    expect(healthy.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['runtime', 'lock-held', 'daemon-answers']),
    );
    expect(healthy.filter(({ severity }) => severity !== 'ok' && severity !== 'unknown')).toEqual([]);
    box.kill();
    await eventually('it is gone', () => box.daemons().length === 0);
    const left = path.join(box.place(), 'tmp.4-abcdefgh');
    mkdirSync(left);
    const long = new Date(Date.now() - 3_600_000);
    utimesSync(left, long, long);
    mkdirSync(path.join(box.place(), 'trash.4-abcdefgh', 'deep'), { recursive: true });
    expect((await found()).filter(({ severity }) => severity === 'note').map(({ kind }) => kind)).toEqual([
      'abandoned',
      'trash',
    ]);
    expect((await box.run(['gc'])).stdout.match(/^removed /gm)).toHaveLength(2);
    expect(readdirSync(box.place()).filter((name) => /^(?:tmp|trash)\./.test(name))).toEqual([]);
    await called(box, service);
  });

  it('spawns, stats, ls, help, --version', async () => {
    const box = wine.box();
    const service = box.service();
    const pid = await called(box, service);
    expect((await box.run(['spawns', service])).stdout).toContain(`  ${pid}  cold`);
    expect((await box.run(['spawns', service, '--svg', '-'])).stdout).toMatch(/^<svg /);
    for (const command of ['stats', 'ls', 'status']) {
      const { code, stdout } = await box.run([command, '--json']);
      expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ kind: 'answered', pid }]]);
      expect(JSON.parse(stdout)).toHaveLength(1);
    }
    expect((await box.run(['stats', service])).stdout).toContain('calls  1');
    expect(await box.run(['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
    expect(await box.run(['help', 'stop'])).toMatchObject({ code: 0, stderr: '' });
    expect((await box.run(['frobnicate'])).code).toBe(64);
  });

  it('logs --follow prints what is written later', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const followed = path.join(box.path, 'followed');
    const out = openSync(followed, 'w');
    const follower = box.node([SOLOD, 'logs', service, '--follow'], ['ignore', out, 'ignore']);
    closeSync(out);
    try {
      await eventually('it prints', () => readFileSync(followed, 'utf8').includes('serving'));
      await box.run(['stop', service]);
      await eventually('it follows', () => readFileSync(followed, 'utf8').includes('ending'));
      const pid = await called(box, service);
      await eventually('it follows the next one', () =>
        readFileSync(followed, 'utf8').includes(`pid ${pid}`),
      );
    } finally {
      follower.kill('SIGKILL');
    }
  });

  it('workers: a crash ends one call, and they end with their daemon', async () => {
    const box = wine.box();
    const service = box.service(`
      export default ({ args: [act] }) => {
        if (act === 'crash') process.abort();
        console.log(JSON.stringify({ cwd: process.cwd(), daemon: process.ppid }));
      };
    `);
    const run = (...args: string[]) =>
      box.run(['call', service, '--workers', '2', '--timeout', '60s', '--', ...args]);
    const first = await run();
    expect(JSON.parse(first.stdout).cwd).toBe(onDrive(box.path));
    expect((await run('crash')).code).not.toBe(0);
    expect(await run()).toMatchObject({ code: 0, stdout: first.stdout });
    expect(box.starts()).toBe(1);
    await eventually('they are there', () => box.processes('worker.cjs').length > 0);
    box.kill();
    await eventually('they are gone', () => box.processes('worker.cjs').length === 0);
  });

  it('the library calls, finds its daemon, and is refused a program that is handed a socket', async () => {
    const box = wine.box();
    const service = box.service();
    const said = path.join(box.path, 'said.json');
    writeFileSync(
      path.join(box.path, 'tool.mjs'),
      `import { writeFileSync } from 'node:fs';
       import { call, connect, obtain } from 'file:///Z:${ROOT}/dist/index.js';
       const { stdin, stdout, stderr } = process;
       const called = await call({ service: ${JSON.stringify(service)}, args: ['x'], stdin, stdout, stderr });
       const connected = await connect({ service: ${JSON.stringify(service)} });
       const refused = await obtain({ name: 'db', command: ['server.exe'] });
       writeFileSync('said.json', JSON.stringify([called, connected.kind, connected.owner?.pid, refused.failure]));
       process.exit(0);`,
    );
    const tool = box.node(['tool.mjs'], 'ignore');
    expect(await new Promise((resolve) => tool.once('exit', resolve))).toBe(0);
    const [result, kind, pid, refused] = JSON.parse(readFileSync(said, 'utf8'));
    expect(result).toMatchObject({ kind: 'exited', code: 0 });
    expect(kind).toBe('attached');
    expect((await box.run(['status', service])).stdout).toContain(`pid ${pid}`);
    expect(refused).toMatchObject({ kind: 'invalid-request', message: expect.stringContaining('win32') });
  });

  it.each([
    [['install', 'echo.mjs', '--systemd']],
    [['uninstall', 'echo.mjs', '--systemd']],
    [['path', '--name', 'db']],
    [['connect', 'db']],
    [['connect', '--name', 'echo']],
    [['connect', '--name', 'db', '--', 'server.exe']],
    [['serve', '--name', 'db', '--', 'server.exe']],
    [['share', '--', 'server.exe']],
    [['share', 'install', 'settings.json']],
  ])('%j does not work there, and says so in one sentence', async (args) => {
    const box = wine.box();
    box.service();
    const ended = await box.run(args);
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toMatch(/^solod: .* does not (?:run|work) on win32, .*\n$/);
    expect(readdirSync(box.state)).toEqual([]);
  });

  it.each(['a pipe', 'a file'])('a mebibyte of any bytes by %s goes in and comes out', async (kind) => {
    const box = wine.box();
    const service = box.service(`
      export default async ({ stdin, stdout }) => {
        for await (const bytes of stdin) if (!stdout.write(bytes)) await new Promise((go) => stdout.once('drain', go));
      };
    `);
    const [given, taken] = [path.join(box.path, 'in.bin'), path.join(box.path, 'out.bin')];
    const bytes = randomBytes(1024 * 1024);
    writeFileSync(given, bytes);
    const [file, out] = [openSync(given, 'r'), openSync(taken, 'w')];
    const stdin = kind === 'a pipe' ? 'pipe' : file;
    const caller = box.node([SOLOD, 'call', service, '--timeout', '60s'], [stdin, out, 'inherit']);
    for (const descriptor of [file, out]) closeSync(descriptor);
    caller.stdin?.on('error', () => {}).end(bytes);
    expect(await new Promise((resolve) => caller.once('exit', resolve))).toBe(0);
    expect(readFileSync(taken).equals(bytes)).toBe(true);
  });

  it('a service sees its caller: arguments, directory, input, exit code', async () => {
    const box = wine.box();
    const service = box.service(`
      import { readFileSync, writeFileSync } from 'node:fs';
      export default ({ args }) => {
        writeFileSync('made.txt', args[0]);
        console.log(readFileSync('made.txt', 'utf8'), process.cwd());
        return 7;
      };
    `);
    const ended = await box.run(['call', service, '--', 'a word']);
    expect([ended.code, ended.stdout.trim()]).toEqual([7, `a word ${onDrive(box.path)}`]);
    expect(readFileSync(path.join(box.path, 'made.txt'), 'utf8')).toBe('a word');
  });

  it(
    `${CALLERS} callers at once, ${ROUNDS} rounds, in every other one after a SIGKILL`,
    async () => {
      const box = wine.box();
      const service = box.service();
      let starts = 0;
      for (let round = 0; round < ROUNDS; round++) {
        if (round % 2 === 0) box.kill();
        else await box.run(['stop', service]);
        await storm(box, service);
        const before = starts;
        starts = box.starts();
        expect(starts - before).toBeLessThanOrEqual(2);
      }
    },
    STORM_MS,
  );

  it.each([
    ['says yes', `socket.write(Buffer.alloc(4096, 'yes'))`],
    ['says nothing', ''],
    ['answers byte by byte', `setInterval(() => socket.write('y'), 200)`],
    ['repeats what it hears', 'socket.write(bytes)'],
  ])('an impostor on the pipe of a killed daemon is told nothing: it %s', async (_, answer) => {
    const box = wine.box();
    const service = box.service();
    const before = await called(box, service);
    const record = path.join(box.place(), 'current', 'sock');
    const [pipe = ''] = readFileSync(record, 'utf8').split('\n');
    box.kill();
    await eventually('it is gone', () => box.daemons().length === 0);
    const heard = path.join(box.path, 'heard');
    writeFileSync(heard, '');
    const impostor = box.node([
      '-e',
      `const fs = require('node:fs');
       require('node:net').createServer((socket) => {
         socket.on('error', () => {});
         socket.on('data', (bytes) => {
           fs.appendFileSync(process.argv[2], bytes.toString('latin1'), 'latin1');
           ${answer};
         });
       }).listen(process.argv[1], () => fs.writeSync(1, 'listens'));`,
      pipe,
      onDrive(heard),
    ]);
    try {
      await new Promise((resolve) => impostor.stdout?.once('data', resolve));
      expect((await box.run(['status', service])).stdout).toContain('not running');
      // Within the time that a call has by default.
      const ended = await box.run(['call', service, '--', 'a secret']);
      expect([ended.code, ended.stderr]).toEqual([0, '']);
      expect(pidIn(ended)).not.toBe(before);
      const told = readFileSync(heard, 'latin1');
      expect(told.length).toBeGreaterThan(0);
      expect(told).not.toContain('secret');
      expect(told.length % 48).toBe(0);
    } finally {
      impostor.kill('SIGKILL');
    }
  });

  it('a stranger who does not know the key is not served', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const [pipe = ''] = readFileSync(path.join(box.place(), 'current', 'sock'), 'utf8').split('\n');
    const stranger = box.node([
      '-e',
      `const socket = require('node:net').connect(process.argv[1]);
       let got = 0;
       socket.on('error', () => {}).on('data', (bytes) => { got += bytes.length; });
       socket.on('close', () => process.exit(got === 0 ? 9 : 1));
       socket.write(Buffer.alloc(256, 1));`,
      pipe,
    ]);
    expect(await new Promise((resolve) => stranger.once('exit', resolve))).toBe(9);
    await called(box, service);
  });

  it('names that Windows takes for one another, or for a device, are daemons of their own', async () => {
    const box = wine.box();
    const service = box.service();
    const names = ['echo', 'Echo', 'con', 'nul.x', 'foo', 'foo.'];
    const called = async (name: string): Promise<number> =>
      pidIn(await box.run(['call', service, '--name', name, '--timeout', '60s']));
    const pids = [];
    for (const name of names) pids.push(await called(name));
    expect(new Set(pids).size).toBe(names.length);
    for (const [n, name] of names.entries()) expect(await called(name)).toBe(pids[n]);
    const listed = JSON.parse((await box.run(['ls', '--json'])).stdout);
    expect(listed.map(({ name }: { name: string }) => name).sort()).toEqual([...names].sort());
    expect((await box.run(['stop', '--name', 'Echo'])).stdout).toContain(`pid ${pids[1]}`);
    expect((await box.run(['stop', '--all'])).code).toBe(0);
    expect(box.daemons()).toEqual([]);
  });

  it.each(['nul', 'aux.x', 'a?b', 'a|b'])('%j can not be the state directory', async (named) => {
    const box = wine.box();
    const service = box.service();
    const ended = await box.run(['call', service, '--state-dir', named]);
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toMatch(/^solod: the state directory .* is not a directory; .*\n$/);
    expect(readdirSync(box.path)).not.toContain(named);
  });

  it('one file of a service is one daemon, however its name is spelled', async () => {
    const box = wine.box();
    const service = box.service();
    const pid = await called(box, service);
    for (const spelled of ['ECHO.MJS', '.\\Echo.mjs', onDrive(path.join(box.path, 'eCHO.mjs'))])
      expect(await called(box, spelled)).toBe(pid);
    for (const wrong of ['nul', 'con', 'aux.mjs', 'echo.mjs:x', 'e*.mjs'])
      expect(await box.run(['call', wrong])).toMatchObject({
        code: 66,
        stderr: expect.stringMatching(/^solod: there is no service file .*\n$/),
      });
  });

  it('install: a command whose name differs by case is the same one; a device is none', async () => {
    const box = wine.box();
    const [service, other] = [box.service(), box.service(undefined, 'other.mjs')];
    const bin = ['--bin-dir', onDrive(path.join(box.path, 'bin'))];
    expect((await box.run(['install', service, '--as', 'say', ...bin])).code).toBe(0);
    expect(await box.run(['install', other, '--as', 'Say', ...bin])).toMatchObject({
      code: 73,
      stderr: expect.stringContaining('say is already installed for'),
    });
    expect((await box.run(['uninstall', 'SAY', ...bin])).code).toBe(0);
    expect(existsSync(path.join(box.path, 'bin'))).toBe(false);
    expect((await box.run(['install', service, '--as', 'con', ...bin])).code).toBe(64);
  });
});
