/** The log of a daemon: its limits, reading it, and following it. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type * as Solod from '../../../src/app/entry/index.js';
import { eventually, isRoot, type Sandbox, sandbox } from '../support/sandbox.js';

const MIB = 2 ** 20;

/**
 * Prints `count` numbered lines from `from` on, by console and by the streams in turns, some in one write. Or
 * does what its other arguments say.
 */
const PRINTER = `
  import { defineService } from '${path.resolve(import.meta.dirname, '../../../dist/index.js')}';
  import { spawnSync } from 'node:child_process';
  import { writeSync } from 'node:fs';
  const line = (n) => 'line ' + n + ' ' + 'x'.repeat(80 + n % 40) + ' end';
  const run = async ({ args: [how, from = 0, count = 0], stdout }) => {
    if (how === 'print')
      for (let n = Number(from); n < Number(from) + Number(count); n++) {
        if (n % 3 === 0) process.stdout.write(line(n) + '\\n');
        else if (n % 3 === 1) console.log(line(n));
        else console.error(line(n));
        if (n % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    if (how === 'raw') for (let n = 0; n < 30_000; n++) writeSync(1, line(n) + '\\n');
    if (how === 'child') spawnSync('sh', ['-c', 'yes from a child | head -c 3000000'], { stdio: 'inherit' });
    if (how === 'abort') { writeSync(2, 'the last words\\n'); process.abort(); }
    stdout.write(String(process.pid));
  };
  export default defineService({ run, callProcess: 'shared' });
`;

const expected = (n: number): string => `line ${n} ${'x'.repeat(80 + (n % 40))} end`;

async function printed(box: Sandbox, service: string, ...args: (string | number)[]): Promise<void> {
  const ended = await box.run(['call', service, '--', ...args.map(String)]);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
}

const logFiles = (box: Sandbox): string[] =>
  readdirSync(box.place())
    .filter((name) => name.startsWith('log'))
    .sort();

const sizes = (box: Sandbox): number[] =>
  logFiles(box).map((name) => statSync(path.join(box.place(), name)).size);

function following(
  box: Sandbox,
  ...args: string[]
): { readonly child: ChildProcess; said(): string; told(): string } {
  const child = box.start(['logs', '-f', ...args]);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  return {
    child,
    said: () => Buffer.concat(out).toString(),
    told: () => Buffer.concat(err).toString(),
  };
}

const interrupted = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    child.once('exit', (_, signal) => resolve(signal));
    child.kill('SIGINT');
  });

describe('a daemon that prints a lot', () => {
  it('leaves three files of at most one mebibyte; a follower gets every line, whole and in order', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    await printed(box, service, 'print', 0, 1);
    const follower = following(box, service);
    await eventually('the first line', () => follower.said().includes(expected(0)));
    let largest = 0;
    const watch = setInterval(() => {
      largest = Math.max(largest, ...sizes(box));
    }, 5);
    await printed(box, service, 'print', 1, 45_000);
    clearInterval(watch);
    await eventually('the last line', () => follower.said().includes(`${expected(45_000)}\n`));
    expect(await interrupted(follower.child)).toBe('SIGINT');

    const lines = follower.said().trimEnd().split('\n').slice(1);
    expect(lines.length).toBe(45_001);
    expect(lines.filter((line, n) => line !== expected(n))).toEqual([]);
    expect(logFiles(box)).toEqual(['log', 'log.1', 'log.previous']);
    expect(largest).toBeGreaterThan(MIB / 2);
    expect(largest).toBeLessThan(MIB + 256);

    // The kept part is whole, too: the beginning of the run, a line that says what is missing, the end.
    const kept = (await box.run(['logs', service])).stdout.toString().trimEnd().split('\n');
    const gap = kept.findIndex((line) => /^solod: .* not kept$/.test(line));
    expect(kept[1]).toBe(expected(0));
    const numbers = kept.flatMap((line) => /^line (\d+) x+ end$/.exec(line)?.[1] ?? []).map(Number);
    expect(numbers.length).toBe(kept.length - 2);
    expect(gap).toBeGreaterThan(1_000);
    expect(numbers.slice(gap - 1)).toEqual(
      Array.from({ length: 45_001 - (numbers[gap - 1] ?? 0) }, (_, n) => (numbers[gap - 1] ?? 0) + n),
    );
    expect(box.leftovers()).toEqual([]);
  });

  it('does so through its descriptors, or through a child that has them', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    for (const how of ['raw', 'child']) {
      await printed(box, service, how);
      expect(statSync(path.join(box.place(), 'log')).size).toBeGreaterThan(2 * MIB);
      await eventually('it is emptied', () => statSync(path.join(box.place(), 'log')).size < MIB);
    }
    expect((await box.run(['doctor', service])).stdout.toString()).not.toMatch(/log\.previous|foreign/);
  });

  it('does so as a custom program; solod leaves a log file alone that the program opens itself', async () => {
    const box = sandbox();
    const index = new URL('../../../dist/index.js', import.meta.url).href;
    const file = path.join(box.path, 'daemon.cjs.mjs');
    writeFileSync(
      file,
      `import { claim } from ${JSON.stringify(index)};
       const claimed = await claim({ name: 'mine', stateDirectory: process.argv[2] });
       claimed.serve((socket) => socket.end());
       for (let n = 0; n < 30_000; n++) console.error('line ' + n + ' '.repeat(80));
       console.error('all');`,
    );
    const { obtain } = (await import(index)) as typeof Solod;
    const command = [process.execPath, file, box.state, '/daemon.cjs'] as const;
    const started = await obtain({
      ...{ name: 'mine', stateDirectory: box.state, command, env: box.env, timing: { totalMs: 10_000 } },
    });
    expect(started.kind).toBe('started');
    const log = path.join(box.place(), 'log');
    await eventually('it is emptied', () => logFiles(box).length === 2 && statSync(log).size < MIB);
    expect((await box.run(['logs', '--name', 'mine', '-n', '1'])).stdout.toString()).toBe('all\n');

    const own = path.join(box.path, 'own');
    const script = `exec "${process.execPath}" "${file}" "${box.state}/other" 2> "${own}"`;
    box.spawn('sh', ['-c', script]);
    await eventually('all of it', () => existsSync(own) && readFileSync(own, 'utf8').endsWith('\nall\n'));
    expect(statSync(own).size).toBeGreaterThan(2 * MIB);
  });

  it('and crashes has its last output to the descriptor at the end of the log', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    await printed(box, service, 'print', 0, 25_000);
    expect((await box.run(['call', service, '--', 'abort'])).code).toBe(76);
    const log = readFileSync(path.join(box.place(), 'log'), 'utf8');
    expect(log).toMatch(/^solod: the log goes on, part 2\n/);
    expect(log.slice(log.indexOf('the last words'))).not.toContain('line ');
    expect((await box.run(['logs', service])).stdout.toString()).toContain('\nthe last words\n');
  });

  it.skipIf(!isRoot)('keeps serving on a full disk, and the log has the latest lines', async () => {
    const box = sandbox();
    const mount = path.join(box.path, 'small');
    await box.exec('mkdir', ['-m', '700', mount]);
    const mounted = await box.exec('mount', ['-t', 'tmpfs', '-o', 'size=1536k,mode=0700', 'none', mount]);
    if (mounted.code !== 0) return expect(mounted.stderr).toMatch(/permission|permitted/i);
    try {
      const service = box.service(PRINTER);
      const call = (...args: string[]) =>
        box.run(['call', service, '--state-dir', mount, '--name', 'full', '--', ...args]);
      const first = await call('print', '0', '30000');
      const second = await call('print', '30000', '3000');
      expect([first.code, first.stderr, second.code, second.stderr]).toEqual([0, '', 0, '']);
      expect(second.stdout.toString()).toBe(first.stdout.toString());
      const log = readFileSync(path.join(mount, 'full', 'log'), 'utf8');
      expect(log.endsWith(`${expected(32_998)}\n${expected(32_999)}\n`)).toBe(true);
    } finally {
      for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
      await box.exec('umount', ['-l', mount]);
    }
  });
});

describe('solod logs', () => {
  it('prints the latest run; all with --previous; some with -n; facts with --json', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    await printed(box, service, 'print', 0, 2);
    await box.run(['stop', service]);
    await printed(box, service, 'print', 10, 3);
    const run = async (...args: string[]) => (await box.run(['logs', service, ...args])).stdout.toString();
    const latest = (await run()).split('\n');
    expect(latest[0]).toMatch(/^solod: serving echo-\w+ \(pid \d+, generation 2\)$/);
    expect(latest.slice(1)).toEqual([expected(10), expected(11), expected(12), '']);
    const all = await run('--previous');
    expect(all.match(/^solod: serving /gm)).toHaveLength(2);
    expect(all).toContain(`${expected(1)}\n`);
    expect(await run('-n', '2')).toBe(`${expected(11)}\n${expected(12)}\n`);
    expect(await run('--lines=0')).toBe('');
    expect(JSON.parse(await run('-n', '1', '--json'))).toEqual({
      name: path.basename(box.place()),
      path: path.join(box.place(), 'log'),
      lines: [expected(12)],
    });
  });

  it('shows why a start failed, though no daemon runs', async () => {
    const box = sandbox();
    const service = box.service("throw new Error('no such luck');");
    expect((await box.run(['call', service])).code).toBe(70);
    const { code, stdout } = await box.run(['logs', service]);
    expect([code, stdout.toString()]).toEqual([0, expect.stringContaining('Error: no such luck')]);
  });

  it.each([
    [['logs', 'SERVICE'], 69, /has no log .*\/log: nothing was started/],
    [['logs', 'SERVICE', '-n', 'few'], 64, /--lines few is not a number of lines/],
    [['logs', 'SERVICE', '-f', '--json'], 64, /can't be used together/],
    [['logs'], 64, /no daemon is named/],
    [['logs', '/no/such/file.mjs'], 66, /no service file/],
  ])('%j: one clear sentence', async (args, code, sentence) => {
    const box = sandbox();
    const service = box.service(PRINTER);
    const ended = await box.run(args.map((arg) => (arg === 'SERVICE' ? service : arg)));
    const facts = args.includes('--json') ? expect.stringMatching(/^\{"kind":"failed",.*\}\n$/) : '';
    expect([ended.code, ended.stdout.toString()]).toEqual([code, facts]);
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stderr).toMatch(/^solod: /);
  });

  it('-f waits for a log, and continues with the next daemon, and after the log was removed', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    const follower = following(box, service);
    await eventually('it says that it waits', () => follower.told().includes('waiting for it'));
    await printed(box, service, 'print', 0, 1);
    await eventually('the first line', () => follower.said().includes(expected(0)));
    await box.run(['restart', service]);
    await printed(box, service, 'print', 1, 1);
    await eventually('the second', () => follower.said().includes(expected(1)));
    await box.run(['stop', service]);
    rmSync(path.join(box.place(), 'log'));
    await printed(box, service, 'print', 2, 1);
    await eventually('the third', () => follower.said().includes(expected(2)));
    expect(follower.said().match(/^line /gm)).toHaveLength(3);
    expect(await interrupted(follower.child)).toBe('SIGINT');
  });

  it('-f ends when its reader is gone', async () => {
    const box = sandbox();
    const service = box.service(PRINTER);
    await printed(box, service, 'print', 0, 1);
    const { child } = following(box, service);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdout?.destroy();
    const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    await printed(box, service, 'print', 1, 1);
    expect(await ended).toEqual([141, null]);
  });
});
