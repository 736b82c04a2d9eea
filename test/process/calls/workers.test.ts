/**
 * Calls in workers: processes of their own behind one daemon. `SOLOD_ROUNDS=200` kills at random for longer.
 */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type Ended,
  eventually,
  has,
  ROOT,
  type RunOptions,
  type Sandbox,
  SOLOD,
  sandbox,
} from '../support/sandbox.js';

const SERVICE = `
import fs from 'node:fs';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
const acts = {
  pid: () => console.log(process.pid),
  place: () => {
    fs.writeFileSync('made', '');
    console.log(process.cwd(), process.umask().toString(8), process.env.GREETING, new Date(0).getHours());
    execSync('pwd; umask; echo $GREETING; date -d @0 +%H', { stdio: 'inherit' });
    fs.writeSync(2, 'on descriptor 2');
  },
  read: () => console.log(fs.readFileSync(0, 'utf8')),
  both: async () => console.log((await text(process.stdin)) + fs.readFileSync(0, 'utf8')),
  echo: async () => console.log(await text(process.stdin)),
  loop: () => { for (;;); },
  heap: () => { const all = []; for (;;) all.push(new Array(100_000).fill({})); },
  crash: (signal) => { console.log('so far'); execFileSync('kill', ['-' + signal, String(process.pid)]); for (;;); },
  slow: async (ms) => { await new Promise((resolve) => setTimeout(resolve, Number(ms))); console.log('slow'); },
  stubborn: async () => { process.on('SIGTERM', () => {}); await new Promise((resolve) => setTimeout(resolve, 60_000)); },
  late: () => { spawn('sh', ['-c', 'sleep 0.3; echo late'], { stdio: 'inherit' }); },
  timer: () => { setTimeout(() => { try { fs.writeSync(1, 'late'); } catch {} console.log('late'); process.exit(9); }, 50); },
  flood: () => { for (let n = 0; n < 40; n++) fs.writeSync(1, 'x'.repeat(100_000)); },
  entry: async (id) => {
    fs.appendFileSync(process.env.LEDGER, 'begun ' + id + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 20 * Math.random()));
    fs.appendFileSync(process.env.LEDGER, 'ended ' + id + '\\n');
    console.log(id);
  },
};
export default ({ args: [act, ...rest] }) => acts[act](...rest);
`;

class Stage {
  readonly box: Sandbox = sandbox();
  readonly service = this.box.service(SERVICE, 'acts.mjs');

  constructor(private readonly options: readonly string[] = ['--workers=2']) {}

  call(act: string, options: RunOptions = {}): Promise<Ended> {
    const args = ['call', '--daemon', ...this.options, this.service, '--', ...act.split(' ')];
    return this.box.exec(process.execPath, [SOLOD, ...args], options);
  }

  async said(act: string, options: RunOptions = {}): Promise<string> {
    const { stdout } = await this.call(act, options);
    return stdout.toString().trim();
  }

  async status() {
    const { stdout } = await this.box.run(['status', this.service, '--json']);
    return JSON.parse(stdout.toString()) as {
      pid: number;
      inFlight: number;
      workers: { count: number; busy: number };
    };
  }

  /** Processes that run this sandbox's calls: the kernel's word, not the daemon's. */
  workers(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .filter((pid) => {
        const command = readOr(`/proc/${pid}/cmdline`);
        const running = !/\) [ZX] /.test(readOr(`/proc/${pid}/stat`));
        return running && command.includes('/worker.cjs\0') && command.includes(this.box.path);
      })
      .map(Number);
  }

  /** Starts a call, and waits until it runs. */
  async begin(act: string): Promise<{ readonly ended: Promise<Ended>; readonly cancel: () => void }> {
    const busy = (await this.status()).workers.busy;
    const args = [SOLOD, 'call', '--daemon', this.service, '--', ...act.split(' ')];
    const child = this.box.spawn(process.execPath, args);
    const ended = new Promise<Ended>((resolve) => {
      let stderr = '';
      child.stderr?.on('data', (bytes) => {
        stderr += bytes;
      });
      child.once('close', (code, signal) => resolve({ code, signal, stderr, stdout: Buffer.alloc(0) }));
    });
    await eventually('the call runs', async () => (await this.status()).workers.busy > busy);
    return { ended, cancel: () => child.kill('SIGKILL') };
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const lines = (file: string): string[] => readOr(file).split('\n').filter(Boolean);

describe('each call has its caller’s own', () => {
  it('directory, umask, environment, time zone and descriptors, also for its children', async () => {
    const stage = new Stage();
    for (const [name, mask, zone, hour] of [
      ['one', '077', 'Asia/Tokyo', '09'],
      ['two', '002', 'Etc/GMT-3', '03'],
    ] as const) {
      const cwd = path.join(realpathSync(stage.box.path), name);
      mkdirSync(cwd);
      const env = { GREETING: name, TZ: zone };
      const command = [
        process.execPath,
        SOLOD,
        'call',
        '--daemon',
        '--workers=2',
        stage.service,
        '--',
        'place',
      ];
      const shell = ['-c', `umask ${mask}; exec "$@"`, 'sh', ...command];
      const { code, stdout, stderr } = await stage.box.exec('sh', shell, { cwd, env });
      const seen = [`${cwd} ${Number(mask)} ${name} ${Number(hour)}`, cwd, `0${mask}`, name, hour];
      expect({ code, stdout: stdout.toString(), stderr }).toEqual({
        code: 0,
        stdout: `${seen.join('\n')}\n`,
        stderr: 'on descriptor 2',
      });
      expect((statSync(path.join(cwd, 'made')).mode & 0o777).toString(8)).toBe(
        (0o666 & ~Number.parseInt(mask, 8)).toString(8),
      );
    }
  });

  it('input, as a stream and on descriptor 0', async () => {
    const stage = new Stage();
    const input = 'some input\n'.repeat(20_000);
    for (const act of ['echo', 'read', 'both', 'echo', 'read'])
      expect((await stage.call(act, { input })).stdout.toString()).toBe(`${input}\n`);
  });

  it('directory, when it has been removed', async () => {
    const stage = new Stage();
    await stage.call('pid');
    const script = `mkdir gone && cd gone && rmdir ../gone && exec "$@"`;
    const command = [process.execPath, SOLOD, 'call', '--daemon', stage.service, '--', 'place'];
    const { code } = await stage.box.exec('sh', ['-c', script, 'sh', ...command]);
    expect(code).not.toBe(0);
  });
});

describe('what a call leaves behind', () => {
  it('does not reach the next one: a child with its descriptors, a timer, an exit', async () => {
    const stage = new Stage(['--workers=1']);
    for (const act of ['late', 'timer']) {
      expect((await stage.call(act)).code).toBe(0);
      const { code, stdout, stderr } = await stage.call('slow 600');
      expect({ act, code, stdout: stdout.toString(), stderr }).toEqual({
        act,
        code: 0,
        stdout: 'slow\n',
        stderr: '',
      });
    }
  });

  it('is seldom worth another worker: the same one serves on', async () => {
    const stage = new Stage(['--workers=1']);
    const pids = [
      await stage.said('pid'),
      await stage.said('echo'),
      await stage.said('flood'),
      await stage.said('pid'),
    ];
    expect(pids[3]).toBe(pids[0]);
  });
});

describe('a call that takes its worker with it', () => {
  it.each([
    ['heap', /this call used up the heap of 64 MiB of its worker; raise --worker-heap/],
    ['crash SEGV', /the worker of this call was ended by SIGSEGV/],
    ['crash KILL', /the worker of this call was ended by SIGKILL/],
  ])('gets the reason, and the others notice nothing: %s', async (act, reason) => {
    const stage = new Stage(['--workers=2', '--worker-heap=64M']);
    await stage.call('pid');
    const other = await stage.begin('slow 5000');
    const { code, stderr, stdout } = await stage.call(act);
    expect({ code, stderr }).toEqual({ code: 70, stderr: expect.stringMatching(reason) });
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^solod: /);
    if (act !== 'heap') expect(stdout.toString()).toBe('so far\n');
    expect(await other.ended).toMatchObject({ code: 0, stderr: '' });
    await eventually('it is replaced', async () => (await stage.status()).workers.count === 2);
    expect(stage.workers()).toHaveLength(2);
    expect(Number(await stage.said('pid'))).toBeGreaterThan(0);
  });

  it('is ended when its caller has gone and it does not end by itself', async () => {
    const stage = new Stage(['--workers=1', '--grace=300ms']);
    await stage.call('pid');
    for (const act of ['loop', 'stubborn']) {
      const [before] = stage.workers();
      const call = await stage.begin(act);
      call.cancel();
      await eventually('its worker is another one', () => stage.workers().every((pid) => pid !== before));
      expect((await stage.call('pid')).code).toBe(0);
    }
  });

  it('does not keep other calls waiting while it loops', async () => {
    const stage = new Stage();
    await stage.call('pid');
    const loop = await stage.begin('loop');
    for (let n = 0; n < 5; n++) expect((await stage.call('pid')).code).toBe(0);
    expect((await stage.status()).workers).toMatchObject({ count: 2, busy: 1 });
    loop.cancel();
  });
});

describe('workers', () => {
  it('are seen by status, do not count as daemons, and end with theirs', async () => {
    const stage = new Stage();
    await stage.call('pid');
    await eventually('both are there', async () => (await stage.status()).workers.count === 2);
    expect(stage.box.daemons()).toHaveLength(1);
    expect(stage.workers()).toHaveLength(2);
    await stage.box.run(['stop', stage.service]);
    await eventually('nothing is left', () => [...stage.workers(), ...stage.box.daemons()].length === 0);
  });

  it.each([
    ['loop', undefined],
    ['slow 60000', undefined],
    // Without setpriv(1), a thread does it.
    ['loop', '/nowhere'],
  ])('end when their daemon is killed by SIGKILL: %s, PATH %s', async (act, PATH) => {
    const stage = new Stage();
    await stage.call('pid', PATH === undefined ? {} : { env: { PATH } });
    const call = await stage.begin(act);
    process.kill((await stage.status()).pid, 'SIGKILL');
    expect((await call.ended).code).toBe(76);
    await eventually('nothing is left', () => stage.workers().length === 0);
  });

  it('let calls finish when their daemon is asked to stop', async () => {
    const stage = new Stage();
    await stage.call('pid');
    // Long enough to be seen by a status on a busy machine.
    const call = await stage.begin('slow 5000');
    await stage.box.run(['stop', stage.service]);
    expect((await call.ended).code).toBe(0);
    await eventually('nothing is left', () => stage.workers().length === 0);
  });

  it('count as work: a daemon is not idle while one of them runs a call', async () => {
    const stage = new Stage(['--workers=1', '--idle-timeout=200ms']);
    expect(await stage.said('slow 1000')).toBe('slow');
    await eventually('the daemon is idle', () => stage.box.daemons().length === 0);
    await eventually('nothing is left', () => stage.workers().length === 0);
  });

  it('are as many as the service says', async () => {
    const box = sandbox();
    const index = path.join(ROOT, 'dist', 'index.js');
    const head = `import { defineService } from ${JSON.stringify(index)};`;
    const run = 'run: () => console.log(process.pid)';
    const service = box.service(
      `${head} export default defineService({ name: 'three', workers: 3, ${run} });`,
    );
    expect((await box.run(['call', service])).code).toBe(0);
    await eventually('three are there', async () => {
      const { stdout } = await box.run(['status', service, '--json']);
      return (JSON.parse(stdout.toString()) as { workers: { count: number } }).workers.count === 3;
    });
    const hidden = box.service(
      `${head} const workers = 3; export default defineService({ workers, ${run} });`,
      'hidden.mjs',
    );
    expect(await box.run(['call', hidden])).toMatchObject({
      code: 70,
      stderr: expect.stringContaining('workers: 4'),
    });
  });

  it('tell why the service does not load', async () => {
    const box = sandbox();
    const service = box.service(`throw new Error('broken at import');`);
    const ended = await box.run(['call', '--workers=2', service]);
    expect(ended).toMatchObject({ code: 70, stderr: expect.stringContaining('broken at import') });
    await eventually('nothing is left', () => box.daemons().length === 0);
  });

  it('load again what the service imports when that has changed', async () => {
    const box = sandbox();
    const imported = path.join(box.path, 'imported.cjs');
    writeFileSync(imported, 'exports.word = "before";');
    const source = `const { word } = require('./imported.cjs'); module.exports = () => console.log(word);`;
    const service = box.service(source, 'service.cjs');
    const word = async (): Promise<string> =>
      (await box.run(['call', '--workers=2', service])).stdout.toString();
    expect([await word(), await word()]).toEqual(['before\n', 'before\n']);
    const [daemon] = box.daemons();
    writeFileSync(imported, 'exports.word = "after, and longer";');
    expect([await word(), await word(), await word()]).toEqual(Array(3).fill('after, and longer\n'));
    expect(box.daemons()).toEqual([daemon]);
  });
});

const ROUNDS = Number(process.env.SOLOD_ROUNDS ?? 3);
const ROUND_MS = 60_000;
const CLIENTS = process.env.SOLOD_ROUNDS === undefined ? 16 : 50;

describe('under SIGKILL at random', { timeout: 120_000 + ROUNDS * ROUND_MS }, () => {
  it(`no call is lost, doubled or wrong in ${ROUNDS} rounds`, async () => {
    const stage = new Stage();
    const env = { LEDGER: path.join(stage.box.path, 'ledger') };
    writeFileSync(env.LEDGER, '');
    await stage.call('pid');
    for (let round = 0; round < ROUNDS; round++) {
      const ids = Array.from({ length: CLIENTS }, (_, n) => `${round}.${n}`);
      const calls = Promise.all(ids.map((id) => stage.call(`entry ${id}`, { env })));
      const victims = round % 3 === 2 ? () => stage.box.daemons() : () => stage.workers();
      let killed = 0;
      for (let n = 0; n < 3; n++) {
        await delay(150 * Math.random());
        const all = victims();
        const victim = all[Math.floor(Math.random() * all.length)];
        if (victim !== undefined && killIfThere(victim)) killed += 1;
      }
      const ended = await calls;
      const failed = ids.filter((_, n) => ended[n]?.code !== 0);
      for (const [n, id] of ids.entries()) {
        const { code, stdout, stderr } = ended[n] as Ended;
        if (code === 0)
          expect({ id, stdout: stdout.toString(), stderr }).toEqual({ id, stdout: `${id}\n`, stderr: '' });
        else expect({ code, stderr }).toMatchObject({ code: expect.toBeOneOf([70, 76]) });
      }
      if (round % 3 !== 2) expect(failed.length).toBeLessThanOrEqual(killed);
      const ledger = lines(env.LEDGER);
      const count = (line: string): number => ledger.filter((other) => other === line).length;
      for (const id of ids) {
        const isWell = !failed.includes(id);
        expect(count(`begun ${id}`)).toBeGreaterThanOrEqual(isWell ? 1 : 0);
        expect(count(`begun ${id}`)).toBeLessThanOrEqual(1);
        if (isWell) expect(count(`ended ${id}`)).toBe(1);
      }
    }
    await stage.box.run(['stop', stage.service]);
    await eventually('nothing is left', () => [...stage.workers(), ...stage.box.daemons()].length === 0);
  });
});

function killIfThere(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

const FILES = process.env.SOLOD_ROUNDS === undefined ? 60 : 200;

describe.runIf(has('make'))('make', () => {
  it(`-j8 over ${FILES} files never fails`, async () => {
    const stage = new Stage();
    const program = path.join(stage.box.path, 'compile');
    const call = `'${process.execPath}' '${SOLOD}' call --daemon --workers=2 '${stage.service}' -- echo < "$1" > "$2"`;
    writeFileSync(program, `#!/bin/sh\n${call}\n`);
    chmodSync(program, 0o755);
    const names = Array.from({ length: FILES }, (_, n) => `f${n}`);
    for (const name of names) writeFileSync(path.join(stage.box.path, `${name}.in`), name);
    const makefile = `all: ${names.map((name) => `${name}.out`).join(' ')}\n%.out: %.in\n\t./compile $< $@\n`;
    writeFileSync(path.join(stage.box.path, 'Makefile'), makefile);
    const { code, stderr } = await stage.box.exec('make', ['-j8', '-s']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of names) expect(readOr(path.join(stage.box.path, `${name}.out`))).toBe(`${name}\n`);
  });
});
