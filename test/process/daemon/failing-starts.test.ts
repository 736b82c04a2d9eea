/** Starts that fail: what callers are told, and how often a start is retried. */

import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLedger, startsIn } from '../../../src/domain/lifecycle/start-ledger.js';
import { ECHO, eventually, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const BROKEN = "throw new Error('no such luck');";

const ledgerOf = (box: Sandbox) =>
  startsIn(parseLedger(readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8')));

describe('a service that throws at load', () => {
  it('called again and again by many clients: few processes, the real error for all, and well at once when fixed', async () => {
    const box = sandbox();
    const service = box.service(BROKEN);
    const deadline = performance.now() + 12_000;
    const endings: { readonly code: number | null; readonly stderr: string }[] = [];
    const client = async (): Promise<void> => {
      while (performance.now() < deadline) endings.push(await box.run(['call', service, '--timeout', '20s']));
    };
    await Promise.all(Array.from({ length: 12 }, client));
    expect(endings.length).toBeGreaterThanOrEqual(12);
    for (const { code, stderr } of endings)
      expect({ code, stderr }, stderr).toEqual({ code: 70, stderr: expect.stringContaining('no such luck') });
    expect(box.spawns().length).toBeLessThanOrEqual(5);

    writeFileSync(service, ECHO);
    const fixed = await box.run(['call', service]);
    expect([fixed.code, fixed.stderr]).toEqual([0, '']);
  });

  it('is held back with the time of the next retry, and retried at once by restart', async () => {
    const box = sandbox();
    const service = box.service(BROKEN);
    for (let round = 0; round < 2; round++) {
      expect((await box.run(['call', service])).code).toBe(70);
      await eventually('its end', () => box.daemons().length === 0);
    }
    const held = await box.run(['call', service]);
    expect(held.code).toBe(70);
    expect(held.stderr).toMatch(
      /failed at its start 2 times in a row; .*the next retry is in \d\.\d s.*no such luck/s,
    );
    const kicked = await box.run(['kick', service]);
    expect([kicked.code, kicked.stderr]).toEqual([70, expect.stringContaining('times in a row')]);
    expect(box.spawns()).toHaveLength(2);

    expect((await box.run(['restart', service])).code).toBe(70);
    expect(box.spawns()).toEqual(['cold', expect.anything(), 'restart']);
  });
});

describe('a start is recorded', () => {
  it('with its reason, who asked, and how it ended', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    await box.run(['stop', service]);
    await box.run(['call', service]);
    const [first, second] = ledgerOf(box);
    expect(first).toMatchObject({ reason: 'cold', asker: 'solod.cjs', by: expect.any(Number) });
    expect(first?.words.map(({ kind }) => kind)).toEqual(['claimed', 'ready', 'ended']);
    expect(first?.words.at(-1)).toMatchObject({ why: 'asked to' });
    expect(second).toMatchObject({ reason: 'dead-daemon' });
  });

  it('with the end of a process that could not report it itself', async () => {
    const box = sandbox();
    const service = box.service('process.kill(process.pid, "SIGKILL"); await new Promise(() => {});');
    const ended = await box.run(['call', service]);
    expect(ended.code).toBe(70);
    expect(ended.stderr).toContain('by SIGKILL');
    expect(ledgerOf(box)[0]?.words).toMatchObject([
      { kind: 'claimed' },
      { kind: 'ended', signal: 'SIGKILL' },
    ]);
  });

  it.each(['kick', 'call'])(
    'with the exit code of a service that ends its daemon while it loads: %s',
    async (command) => {
      const box = sandbox();
      const service = box.service('process.exit(3);');
      await box.run([command, service]);
      await eventually('the end of the daemon', () => box.daemons().length === 0);
      expect(ledgerOf(box)[0]?.words.slice(0, 2)).toMatchObject([
        { kind: 'claimed' },
        { kind: 'ended', code: 3 },
      ]);
      await box.run([command, service]);
      await eventually('the end of the daemon', () => box.daemons().length === 0);
      expect((await box.run([command, service])).stderr).toContain('it ended before it served (exit code 3)');
    },
  );

  it('unless it can’t be: that stops no start', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    await box.run(['stop', service]);
    const ledger = path.join(box.place(), 'spawns.jsonl');
    rmSync(ledger);
    mkdirSync(ledger);
    expect((await box.run(['call', service])).code).toBe(0);
    await box.run(['stop', service]);
    rmSync(ledger, { recursive: true });
    writeFileSync(ledger, '\0\0{"atMs":1,"pid":1,"kind":"failed"}\n{"atMs":');
    expect((await box.run(['call', service])).code).toBe(0);
    appendFileSync(ledger, '\n');
    expect(ledgerOf(box).length).toBeGreaterThan(0);
  });
});

describe('a daemon keeps nothing of its caller open', () => {
  it('no pipe: `solod kick | cat` ends at once, and the daemon comes up', async () => {
    const box = sandbox();
    const service = box.service();
    const piped = await box.exec('sh', [
      '-c',
      `"${process.execPath}" "${SOLOD}" kick "${service}" 2>&1 | cat`,
    ]);
    expect([piped.code, piped.stdout.toString()]).toEqual([0, '']);
    await eventually('a daemon', async () => (await box.run(['status', service])).code === 0);
  });

  it('no stray descriptor', async () => {
    const box = sandbox();
    const service = box.service();
    const stray = openSync(path.join(box.path, 'stray'), 'w');
    const child = spawn(process.execPath, [SOLOD, 'call', service], {
      env: box.env,
      stdio: ['ignore', 'ignore', 'ignore', stray, stray, 'pipe'],
    });
    // The reader's end of the last one sees its end, although the daemon lives.
    const pipe = (child.stdio as unknown as readonly NodeJS.ReadableStream[])[5] as NodeJS.ReadableStream;
    const hasEnded = new Promise((resolve) => pipe.resume().once('end', resolve));
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    closeSync(stray);
    expect(code).toBe(0);
    const [pid] = box.daemons();
    const open = await box.exec('ls', ['-l', `/proc/${pid}/fd`]);
    expect(open.stdout.toString()).not.toContain('stray');
    await hasEnded;
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  });
});
