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
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../../native/client.js';
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

  /** In the place of a call with `--workers`, for a daemon that such a call has started. */
  callNatively(act: string, options: RunOptions = {}): Promise<Ended> {
    return this.box.exec(CLIENT, ['call', '--daemon', this.service, '--', ...act.split(' ')], options);
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
      workers: { count: number; busy: number; waiting: number };
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
  beforeAll(buildClient, BUILD_MS);

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

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'lose only the call that had begun when their daemon ends by %s: queued ones are repeated',
    async (signal) => {
      const stage = new Stage(['--workers=1']);
      await stage.call('pid');
      const running = await stage.begin('slow 60000');
      const calls = [stage.call('pid'), ...(hasCargo ? [stage.callNatively('pid')] : [])];
      await eventually('they wait', async () => (await stage.status()).workers.waiting === calls.length);
      // Longer than a caller waits for a daemon.
      await delay(11_000);
      const { pid } = await stage.status();
      process.kill(pid, signal);
      // After SIGTERM, when its grace is over.
      expect((await running.ended).code).toBe(76);
      for (const { code, stderr } of await Promise.all(calls))
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stage.box.daemons()).not.toContain(pid);
    },
    60_000,
  );

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
const ROUND_MS = 20_000;
const CLIENTS = process.env.SOLOD_ROUNDS === undefined ? 16 : 50;
const WORKERS = 2;
/** Of three rounds, workers are killed in two, and the daemon with its workers in one. */
const killsDaemon = (round: number): boolean => round % 3 === 2;

class Round {
  readonly ids: readonly string[];
  #killed = 0;

  constructor(
    private readonly stage: Stage,
    private readonly ledger: string,
    readonly number: number,
  ) {
    this.ids = Array.from({ length: CLIENTS }, (_, n) => `${number}.${n}`);
  }

  /** How many calls may fail: those that ran in what was killed. */
  get casualties(): number {
    return killsDaemon(this.number) ? this.#killed * WORKERS : this.#killed;
  }

  async play(): Promise<ReadonlyMap<string, Ended>> {
    const calls = Promise.all(this.ids.map((id, n) => this.#call(`entry ${id}`, n)));
    for (let n = 0; n < 3; n++) {
      await delay(150 * Math.random());
      const victims = killsDaemon(this.number) ? this.stage.box.daemons() : this.stage.workers();
      const victim = victims[Math.floor(Math.random() * victims.length)];
      if (victim !== undefined && killIfThere(victim)) this.#killed += 1;
    }
    const ended = await calls;
    return new Map(this.ids.map((id, n) => [id, ended[n] as Ended]));
  }

  /** Every second caller is a native one. */
  #call(act: string, n: number): Promise<Ended> {
    const options = { env: { LEDGER: this.ledger } };
    return hasCargo && n % 2 === 0 ? this.stage.callNatively(act, options) : this.stage.call(act, options);
  }

  /** Of each call, what it wrote into the ledger. */
  entries(): ReadonlyMap<string, readonly string[]> {
    const written = lines(this.ledger).map((line) => line.split(' '));
    const of = (id: string) => written.filter(([, other]) => other === id).map(([word = '']) => word);
    return new Map(this.ids.map((id) => [id, of(id)]));
  }
}

describe('under SIGKILL at random', { timeout: 120_000 + ROUNDS * ROUND_MS }, () => {
  beforeAll(buildClient, BUILD_MS);

  it(`no call is lost, doubled or wrong in ${ROUNDS} rounds`, async () => {
    const stage = new Stage();
    await stage.call('pid');
    for (let number = 0; number < ROUNDS; number++) {
      const ledger = path.join(stage.box.path, `ledger-${number}`);
      const round = new Round(stage, ledger, number);
      const ended = await round.play();
      const failed = round.ids.filter((id) => ended.get(id)?.code !== 0);
      const failures = failed.map((id) => ({ id, code: ended.get(id)?.code, stderr: ended.get(id)?.stderr }));
      const entries = round.entries();
      for (const id of round.ids) {
        if (failed.includes(id)) expect(entries.get(id)).toBeOneOf([[], ['begun'], ['begun', 'ended']]);
        else {
          const { stdout, stderr } = ended.get(id) as Ended;
          const seen = { id, stdout: stdout.toString(), stderr, entries: entries.get(id) };
          expect(seen).toEqual({ id, stdout: `${id}\n`, stderr: '', entries: ['begun', 'ended'] });
        }
      }
      expect(failures.filter(({ code }) => code !== 70 && code !== 76)).toEqual([]);
      expect(failures.slice(round.casualties)).toEqual([]);
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
