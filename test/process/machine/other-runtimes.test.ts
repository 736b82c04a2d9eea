/**
 * Bun and Deno as runtimes of callers and daemons, also beside Node. docs/platforms.md lists what they don't
 * do.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { contractProgram, expectContractKept } from '../support/contract-bundle.js';
import { emptyBacklogs, fillBacklog } from '../support/full-backlog.js';
import { BUN, DENO, without } from '../support/runtimes.js';
import { type Ended, eventually, oneDaemon, ROOT, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

type Run = (args: readonly string[]) => Promise<Ended>;

/** Callers on that runtime, and daemons on the runtime of the caller that starts them. */
const on =
  (box: Sandbox, [program, ...options]: readonly [string, ...string[]]): Run =>
  (args) =>
    box.exec(program, [...options, SOLOD, ...args]);

afterEach(emptyBacklogs);

function expectRightAnswers(answers: readonly Ended[]): readonly number[] {
  expect(answers.filter(({ code }) => code !== 0).map(({ code, stderr }) => ({ code, stderr }))).toEqual([]);
  const said = answers.map(({ stdout }) => JSON.parse(stdout.toString()) as { args: string[]; pid: number });
  expect(said.map(({ args }) => args)).toEqual(answers.map((_, n) => [`call ${n}`]));
  return [...new Set(said.map(({ pid }) => pid))];
}

const CALLERS = 24;

const RUNTIMES = [
  { name: 'Bun', program: BUN, command: [BUN ?? ''] },
  { name: 'Deno', program: DENO, command: [DENO ?? '', 'run', '-A'] },
] as const;

describe.each(RUNTIMES)('$name', ({ name, program, command }) => {
  describe.skipIf(program === undefined)(`calls and serves${without(name, program)}`, () => {
    it('its adapters keep the contract', async () => {
      const box = sandbox();
      const [runtime, ...options] = command;
      const { stdout } = await box.exec(runtime, [...options, await contractProgram(box.path)]);
      expectContractKept(stdout.toString());
    });

    it('call, kick, status, ls, logs, restart, stop', async () => {
      const box = sandbox();
      const run = on(box, command);
      const service = box.service();
      expect((await run(['kick', service])).code).toBe(0);
      const pid = await oneDaemon(box);
      expect(expectRightAnswers([await run(['call', service, '--', 'call 0'])])).toEqual([pid]);
      expect((await run(['status', service])).stdout.toString()).toContain(`pid ${pid}`);
      expect((await run(['ls'])).stdout.toString()).toContain(`pid ${pid}`);
      expect((await run(['logs', service])).stdout.toString()).toContain(`pid ${pid}`);
      expect(await run(['restart', service])).toMatchObject({ code: 0, stderr: '' });
      const next = await oneDaemon(box);
      expect(next).not.toBe(pid);
      expect(await run(['stop', service])).toMatchObject({ code: 0, stderr: '' });
      expect(box.daemons()).toEqual([]);
      expect((await run(['status', service])).stdout.toString()).toContain('not running');
      expect(box.spawns()).toEqual(['cold', 'restart']);
    });

    it('the exit code of a call is not that of the next one', async () => {
      const box = sandbox();
      const service = box.service(`
        import { exit } from 'node:process';
        export default ({ args: [act] }) => {
          if (act === 'exits') process.exit(9);
          if (act === 'imports') exit(7);
          if (act === 'sets') process.exitCode = 5;
          if (act === 'both') { process.exitCode = 4; throw new Error('as well'); }
        };
      `);
      const codes = [];
      for (const act of ['exits', '', 'imports', '', 'sets', '', 'both', ''])
        codes.push((await on(box, command)(['call', service, '--', act])).code);
      expect(codes).toEqual([9, 0, 7, 0, 5, 0, 1, 0]);
      await oneDaemon(box);
      expect(box.spawns()).toEqual(['cold']);
    });

    it.each([
      ['on Node', [process.execPath]],
      ['on the same', command],
    ] as const)(
      'never starts a second daemon beside a stopped one %s whose backlog is full',
      async (_, by) => {
        const box = sandbox();
        const service = box.service();
        await on(box, by)(['call', service]);
        const pid = await oneDaemon(box);
        process.kill(pid, 'SIGSTOP');
        await fillBacklog(path.join(box.place(), 'current', 'sock'));
        const run = on(box, command);
        expect((await run(['call', service, '--timeout', '700ms'])).code).toBe(69);
        expect((await run(['kick', service])).code).toBe(0);
        expect((await run(['serve', service])).code).toBe(0);
        expect(box.daemons()).toEqual([pid]);
        process.kill(pid, 'SIGCONT');
        emptyBacklogs();
        expect((await run(['call', service])).code).toBe(0);
        expect(box.daemons()).toEqual([pid]);
        expect(box.spawns()).toEqual(['cold']);
        expect(box.generations()).toEqual([1]);
      },
    );

    it('storms together with Node: cold, and right after a SIGKILL of the daemon', async () => {
      const box = sandbox();
      const service = box.service();
      const runs = [on(box, command), on(box, [process.execPath])] as const;
      const storm = () =>
        Promise.all(
          Array.from({ length: CALLERS }, (_, n) =>
            runs[n % 2 === 0 ? 0 : 1](['call', '--timeout', '60s', service, '--', `call ${n}`]),
          ),
        );
      expect(expectRightAnswers(await storm())).toEqual([await oneDaemon(box)]);
      process.kill(await oneDaemon(box), 'SIGKILL');
      expect(expectRightAnswers(await storm())).toEqual([await oneDaemon(box)]);
      expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
      expect(box.generations()).toEqual([2]);
    });

    it.skipIf(!hasCargo)('where its daemon has died, the native client starts one', async () => {
      const box = sandbox();
      const service = box.service();
      await on(box, command)(['call', service]);
      const pid = await oneDaemon(box);
      process.kill(pid, 'SIGKILL');
      await eventually('it is gone', () => box.daemons().length === 0);
      const native = await box.exec(CLIENT, ['call', service, '--', 'call 0']);
      expect(expectRightAnswers([native])).toEqual([await oneDaemon(box)]);
      expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    });

    it('clears away what killed processes left', async () => {
      const box = sandbox();
      const service = box.service();
      const run = on(box, command);
      await run(['call', service, '--name', 'left']);
      process.kill(await oneDaemon(box), 'SIGKILL');
      const place = box.place();
      mkdirSync(path.join(place, 'trash.1-x', 'deep', 'empty'), { recursive: true });
      expect((await run(['call', service, '--name', 'left'])).code).toBe(0);
      await oneDaemon(box);
      expect(box.generations()).toEqual([2]);
    });

    it('a program that can not be started is told', async () => {
      const box = sandbox();
      const run = on(box, command);
      const called = await run(['call', box.service(), '--node', path.join(box.path, 'missing')]);
      expect([called.code, called.stderr]).toEqual([71, expect.stringContaining('ENOENT')]);
    });

    it('a service with workers is refused in one sentence, and served on Node', async () => {
      const box = sandbox();
      const service = box.service();
      const run = on(box, command);
      expect(await run(['call', service, '--workers', '2'])).toMatchObject({
        code: 70,
        stderr: expect.stringMatching(/^solod: .*workers do not run on (?:bun|deno): .*--workers=0.*\n$/),
      });
      await eventually('it has ended', () => box.daemons().length === 0);
      const onNode = await run([
        'call',
        service,
        '--workers=2',
        `--node=${process.execPath}`,
        '--',
        'call 0',
      ]);
      expect(expectRightAnswers([onNode])).toHaveLength(1);
    });

    it('keeps the log within bounds, however much is printed', async () => {
      const box = sandbox();
      const service = box.service(`
        setInterval(() => console.log('x'.repeat(200_000)), 20);
        export default () => {};
      `);
      await on(box, command)(['call', service]);
      const log = path.join(box.place(), 'log');
      // The keeper's own line is the first one of a log that has begun anew.
      await eventually('the log has begun anew', () => /^solod: .* part /.test(readFileSync(log, 'latin1')));
    });
  });
});

interface Otherwise {
  readonly OTHERWISE: Readonly<
    Record<string, { readonly list: readonly { readonly tests: readonly string[] }[] }>
  >;
  readonly FILES: readonly string[];
}

// Without cargo the tests of the native client are not listed.
it.skipIf(!hasCargo)(`each test that is left out there is one${LEFT_OUT}`, async () => {
  const file = path.join(ROOT, 'tools/runtimes/otherwise.mjs');
  const { OTHERWISE, FILES }: Otherwise = await import(pathToFileURL(file).href);
  const names = path.join(sandbox().path, 'names.json');
  const vitest = ['node_modules/.bin/vitest', 'list', ...FILES, `--json=${names}`];
  expect(spawnSync(process.execPath, vitest, { cwd: ROOT }).status).toBe(0);
  const listed: readonly { readonly name: string }[] = JSON.parse(readFileSync(names, 'utf8'));
  const known = listed.map(({ name }) => name.replaceAll(' > ', ' '));
  expect(known.length).toBeGreaterThan(200);
  const leftOut = Object.values(OTHERWISE).flatMap(({ list }) => list.flatMap(({ tests }) => tests));
  expect(leftOut.filter((part) => !known.some((name) => name.includes(part)))).toEqual([]);
});
