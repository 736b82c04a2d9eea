/** Node for Windows under Wine: the commands, storms, kills, an impostor, leftovers of every kind. */

import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, SOLOD } from '../support/sandbox.js';
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

  it('an impostor on the pipe of a killed daemon is told nothing', async () => {
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
           socket.write(Buffer.alloc(4096, 'yes'));
         });
       }).listen(process.argv[1], () => fs.writeSync(1, 'listens'));`,
      pipe,
      onDrive(heard),
    ]);
    try {
      await new Promise((resolve) => impostor.stdout?.once('data', resolve));
      expect((await box.run(['status', service])).stdout).toContain('not running');
      expect(await called(box, service, 'a secret')).not.toBe(before);
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

  it('leftovers of every kind', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const place = box.place();
    const current = path.join(place, 'current');
    const long = new Date(Date.now() - 3_600_000);
    const leftovers: readonly (() => void)[] = [
      () => writeFileSync(path.join(current, 'sock'), 'half a rec'),
      () => rmSync(path.join(current, 'sock')),
      () => writeFileSync(path.join(current, 'owner.json'), '{'),
      () => {
        rmSync(path.join(current, 'owner.json'));
        mkdirSync(path.join(current, 'owner.json', 'deep'), { recursive: true });
      },
      () => rmSync(current, { recursive: true }),
      () => mkdirSync(path.join(place, 'spawn.lock')),
      () => {
        const private_ = path.join(place, 'tmp.4-abcdefgh');
        mkdirSync(private_);
        utimesSync(private_, long, long);
        mkdirSync(path.join(place, 'trash.4-abcdefgh', 'deep'), { recursive: true });
      },
    ];
    for (const leave of leftovers) {
      box.kill();
      await eventually('it is gone', () => box.daemons().length === 0);
      leave();
      await called(box, service);
      expect(box.daemons()).toHaveLength(1);
    }
    expect(readdirSync(place).filter((name) => /^(?:tmp|trash)\.|^spawn\.lock$/.test(name))).toEqual([]);
  });
});
