/** The commands that explain solod, codes in real messages of both clients, and the line of a long start. */

import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/app/environment/version.js';
import { manPage } from '../../../src/app/manual/man-page.js';
import { COMMAND_OPTIONS, OPTIONS } from '../../../src/app/options/option-table.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { ROOT, SOLOD, sandbox } from '../support/sandbox.js';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

const hasMandoc = spawnSync('mandoc', [], { input: '' }).error === undefined;
const hasManDb = spawnSync('man', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('man 2') === true;

describe('solod', () => {
  it.each([
    [['explain', 'SOLOD_E_TIMED_OUT'], /^SOLOD_E_TIMED_OUT\n\nWhat happened: /],
    [['explain', 'lost', '--json'], /^\{"code":"SOLOD_E_LOST",.*"exit":76\}\n$/],
    [['help', 'environment'], /^Environment variables\n/],
    [['help', 'exit-codes'], /\n {2}75 +timed out\n/],
    [['help', 'topics'], /\n {2}exit-codes +Exit codes\n/],
    [['help', 'share', 'install'], /^Usage: solod share install /],
    [['help', 'Exit code'], /^Exit codes\n/],
    [['explain', 'e_timed_out'], /^SOLOD_E_TIMED_OUT\n/],
    [['help', 'call'], /^Usage: solod call /],
    [['help'], /^Usage: solod /],
    [['completion', 'bash'], /complete -F _solod solod\n$/],
  ])('%j, without a home directory', async (args, says) => {
    const env = {
      HOME: undefined,
      SOLOD_DIR: undefined,
      XDG_STATE_HOME: undefined,
      XDG_RUNTIME_DIR: undefined,
    };
    const { code, stdout, stderr } = await sandbox().run(args, { env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(says);
  });

  it.each([
    [['explain', 'nope'], 'SOLOD_E_USAGE_CODE'],
    [['completion', 'tcsh'], 'SOLOD_E_USAGE_SHELL'],
    [['help', 'nope'], 'SOLOD_E_USAGE_TOPIC'],
    [['status', '--nope'], 'SOLOD_E_USAGE_MALFORMED'],
    [['call'], 'SOLOD_E_USAGE_MALFORMED'],
  ])('%j is a mistake with the code %s, which has a page', async (args, code) => {
    const box = sandbox();
    const ended = await box.run(args);
    expect([ended.code, ended.stdout.toString()]).toEqual([64, '']);
    expect(ended.stderr).toContain(`[${code}]`);
    expect((await box.run(['explain', code])).code).toBe(0);
  });
});

describe('the man page', () => {
  const page = readFileSync(path.join(ROOT, 'dist/solod.1'), 'utf8');

  it('has every option', () => {
    const used = new Set(Object.values(COMMAND_OPTIONS).flat());
    for (const option of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[])
      if (used.has(option)) expect(page).toContain(`\\-\\-${option.replaceAll('-', '\\-')}`);
  });

  it('has the day of the release', () => {
    const [, day = ''] =
      /^## \S+ \((.*)\)$/m.exec(readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8')) ?? [];
    expect(page).toMatch(`.TH SOLOD 1 "${day}" "solod ${VERSION}"`);
  });

  it.skipIf(!hasMandoc)(
    `is read by mandoc without a warning${hasMandoc ? '' : ' (skipped: no mandoc)'}`,
    () => {
      const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning'], {
        input: manPage('2020-01-31'),
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([0, '']);
    },
  );

  it.skipIf(!has('groff'))('is read by groff without a warning', () => {
    const { stdout, stderr } = spawnSync('groff', ['-man', '-Tascii', '-P-bcou', '-ww', '-'], {
      input: page,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('SYNOPSIS');
  });

  // Others than man-db have no option for warnings.
  it.skipIf(!hasManDb)(`is shown by man without a warning${hasManDb ? '' : ' (skipped: no man-db)'}`, () => {
    const file = path.join(ROOT, 'dist/solod.1');
    const env = { ...process.env, LC_ALL: 'C', MANWIDTH: '80', MANPAGER: 'cat' };
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], {
      encoding: 'utf8',
      env,
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('SYNOPSIS');
  });
});

describe('both clients', () => {
  beforeAll(buildClient, BUILD_MS);

  const clients: readonly (readonly [string, string, readonly string[]])[] = [
    ['Node', process.execPath, [SOLOD]],
    ...(hasCargo ? ([['native', CLIENT, []]] as const) : []),
  ];

  it.each(clients)(`%s shows the code of a failure${LEFT_OUT}`, async (_, program, first) => {
    const box = sandbox();
    const broken = box.service('throw new Error("no")', 'broken.mjs');
    const { code, stderr } = await box.exec(program, [...first, 'call', broken]);
    expect(code).toBe(70);
    expect(stderr).toMatch(/^solod: .* \[SOLOD_E_DECLINED\]\n$/s);
  });

  describe.skipIf(!has('script'))('on a terminal', () => {
    const SLOW = `
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      export default ({ stdout }) => void stdout.write('answer');`;

    it.each(clients)(
      `%s says that it waits for a start, and takes the line back${LEFT_OUT}`,
      async (_, program, first) => {
        const box = sandbox();
        const service = box.service(SLOW, 'slow.mjs');
        box.leaveLaunchFile(service);
        const command = [program, ...first, 'call', service].join(' ');
        const started = await box.exec('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm' } });
        expect(started.stdout.toString()).toBe(`solod: waiting for the daemon of ${service} …\r\x1b[Kanswer`);
        const warm = await box.exec('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm' } });
        expect(warm.stdout.toString()).toBe('answer');
      },
    );

    it.each(
      clients.flatMap((client) => [
        [...client, { TERM: 'dumb' }] as const,
        [...client, { TERM: 'xterm', CI: 'true', SOLOD: 'on' }] as const,
      ]),
    )(`%s does not say so where nothing erases it: %s %j %j${LEFT_OUT}`, async (_, program, first, env) => {
      const box = sandbox();
      const service = box.service(SLOW, 'slow.mjs');
      box.leaveLaunchFile(service);
      const command = [program, ...first, 'call', service].join(' ');
      const { stdout } = await box.exec('script', ['-qec', command, '/dev/null'], { env });
      expect(stdout.toString()).toBe('answer');
    });

    it.each(clients)(`%s says nothing into a pipe${LEFT_OUT}`, async (_, program, first) => {
      const box = sandbox();
      const { code, stdout, stderr } = await box.exec(program, [
        ...first,
        'call',
        box.service(SLOW, 'slow.mjs'),
      ]);
      expect([code, stdout.toString(), stderr]).toEqual([0, 'answer', '']);
    });
  });
});

describe('--color', () => {
  it.each([
    ['always', {}, true],
    ['never', {}, false],
    ['auto', {}, false],
    ['auto', { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['auto', { FORCE_COLOR: '0' }, false],
    ['never', { FORCE_COLOR: '1' }, false],
  ])('%s with %j: doctor, into a pipe', async (when, env, isColoured) => {
    const { stdout } = await sandbox().run(['doctor', `--color=${when}`], { env });
    expect(stdout.toString().includes('\x1b[32mok')).toBe(isColoured);
  });

  it.skipIf(!has('script')).each([
    ['xterm', undefined, true],
    ['xterm', '1', false],
    ['dumb', undefined, false],
  ])('auto: doctor, on a terminal with TERM=%s and NO_COLOR=%s', async (TERM, NO_COLOR, isColoured) => {
    const command = [process.execPath, SOLOD, 'doctor'].join(' ');
    const env = { TERM, NO_COLOR };
    const { stdout } = await sandbox().exec('script', ['-qec', command, '/dev/null'], { env });
    expect(stdout.toString().includes('\x1b[32mok')).toBe(isColoured);
  });

  it.each([
    ['always', '1', true],
    ['never', undefined, false],
    ['auto', '1', false],
    ['auto', undefined, true],
  ])('%s with NO_COLOR=%s: the line of --errors line', async (when, NO_COLOR, isRed) => {
    const args = ['call', '--errors=line', `--color=${when}`, '/nowhere.mjs'];
    const { stdout } = await sandbox().run(args, { env: { NO_COLOR } });
    expect(stdout.toString().startsWith('\x1b[31m')).toBe(isRed);
  });
});

describe('--json carries the code of a failure', () => {
  it.each([
    [['status', '--json', './none.mjs'], 'SOLOD_E_SERVICE_MISSING', 66],
    [['logs', '--json', './none.mjs'], 'SOLOD_E_SERVICE_MISSING', 66],
    [['install', '--json', './none.mjs'], 'SOLOD_E_SERVICE_MISSING', 66],
    [['explain', '--json', 'nope'], 'SOLOD_E_USAGE_CODE', 64],
    [['stats', '--json', '--nope'], 'SOLOD_E_USAGE_MALFORMED', 64],
    [['ls', '--json', '--timeout', 'x'], 'SOLOD_E_USAGE_DURATION', 64],
    [['share', 'install', '--json', './none.json'], 'SOLOD_E_SHARE_NOT_READ', 66],
    [['share', '--explain', '--json'], 'SOLOD_E_USAGE_NO_COMMAND', 64],
  ])('where there is nothing else to print: %j', async (args, code, exit) => {
    const ended = await sandbox().run(args);
    const facts = JSON.parse(ended.stdout.toString());
    expect(facts).toEqual({ kind: 'failed', message: expect.any(String), code, exit });
    expect([ended.code, ended.stderr]).toEqual([exit, expect.stringContaining(`${facts.message} [${code}]`)]);
  });

  it('not of a call, whose output is that of the service', async () => {
    const { code, stdout } = await sandbox().run(['call', '--json', './none.mjs']);
    expect([code, stdout.toString()]).toEqual([64, '']);
  });

  it('of gc, which was not to trust a directory', async () => {
    const box = sandbox();
    await box.run(['call', box.service()]);
    await box.run(['stop', '--all']);
    chmodSync(box.place(), 0o777);
    const { stdout, stderr } = await box.run(['gc', '--json']);
    expect(JSON.parse(stdout.toString())).toEqual([
      expect.objectContaining({ kind: 'distrusted', codes: ['SOLOD_E_STATE_DIRECTORY_DISTRUSTED'] }),
    ]);
    expect(stderr).toContain('[SOLOD_E_STATE_DIRECTORY_DISTRUSTED]');
  });

  it('of a daemon that does not answer', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const { pid } = JSON.parse((await box.run(['status', service, '--json'])).stdout.toString());
    process.kill(pid, 'SIGSTOP');
    const told = async (command: string) =>
      JSON.parse((await box.run([command, service, '--json', '--timeout=300ms'])).stdout.toString());
    expect(await told('status')).toMatchObject({ kind: 'not-answering', code: 'SOLOD_E_NOT_ANSWERING' });
    expect(await told('stop')).toMatchObject({ kind: 'refused', code: 'SOLOD_E_COMMAND_NOT_ASKED' });
    process.kill(pid, 'SIGCONT');
  });
});
