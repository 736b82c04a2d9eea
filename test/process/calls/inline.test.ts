/** Without a daemon: the same service, the same output, in the caller's own process. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, type RunOptions, SOLOD, sandbox } from '../support/sandbox.js';

const SERVICE = `
  import { text } from 'node:stream/consumers';
  export default async ({ args, cwd, env, stdin, stdout, stderr }) => {
    const [how] = args;
    stdout.write(JSON.stringify([args, cwd, env.GREETING ?? '', Object.keys(env).sort().join(' ')]) + '\\n');
    if (how === 'read') stdout.write((await text(stdin)).toUpperCase());
    if (how === 'much') for (let n = 0; n < 50_000; n++) stdout.write('line ' + n + '\\n');
    stderr.write('to stderr\\n');
    if (how === 'throw') throw new Error('on purpose\\nin two lines');
    if (how === 'nonsense') return 'seven';
    return how === 'code' ? 3 : undefined;
  };
`;

const OFF: readonly [string, readonly string[], NonNullable<RunOptions['env']>][] = [
  ['SOLOD=off', [], { SOLOD: 'off' }],
  ['--no-daemon', ['--no-daemon'], {}],
  ['CI', [], { CI: 'true', SOLOD: undefined }],
];

describe.each(OFF)('by %s', (_, flags, env) => {
  it.each(['', 'read', 'much', 'throw', 'nonsense', 'code'])(
    '%j: the output is byte for byte that of the daemon',
    async (how) => {
      const box = sandbox();
      const service = box.service(SERVICE);
      const args = how === '' ? [] : ['--', how];
      // Only the variable itself may differ.
      const common = { GREETING: 'hello', CI: undefined, SOLOD: undefined, ...env };
      const options = { input: 'some input', env: common };
      const there = await box.run(['call', service, '--daemon', ...args], options);
      const here = await box.run(['call', ...flags, service, ...args], options);
      expect([here.code, here.stdout.toString(), here.stderr]).toEqual([
        there.code,
        there.stdout.toString(),
        there.stderr,
      ]);
    },
  );

  it('the command starts no process, and --verbose says why', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const { code, stderr } = await box.run(['call', '--verbose', ...flags, service], { env });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^to stderr\nsolod: in this process, without a daemon: .+\n$/);
    const kicked = await box.run(['kick', ...flags, service], { env });
    expect([kicked.code, kicked.stderr, box.daemons()]).toEqual([0, '', []]);
  });
});

describe('the switch', () => {
  it.each([
    ['SOLOD=on in CI', [], { CI: '1', SOLOD: 'on' }],
    ['--daemon in CI', ['--daemon'], { CI: '1', SOLOD: undefined }],
    ['--daemon although SOLOD=off', ['--daemon'], { SOLOD: 'off' }],
    ['CI=false', [], { CI: 'false', SOLOD: undefined }],
  ])('%s: a daemon', async (_, flags, env) => {
    const box = sandbox();
    const { code } = await box.run(['call', ...flags, box.service()], { env });
    expect([code, box.daemons().length]).toEqual([0, 1]);
  });

  it('with another value is refused', async () => {
    const box = sandbox();
    const { code, stderr } = await box.run(['call', box.service()], { env: { SOLOD: 'maybe' } });
    expect([code, stderr]).toEqual([
      64,
      'solod: SOLOD=maybe is not one of its values; write on or off, or unset it [SOLOD_E_USAGE_SWITCH]\n',
    ]);
  });

  it('reports a service that does not load with the same code', async () => {
    const box = sandbox();
    const service = box.service("throw new Error('no such luck');");
    const { code, stderr } = await box.run(['call', '--no-daemon', service]);
    expect([code, stderr]).toEqual([70, expect.stringContaining('no such luck')]);
  });

  it('ends the call if nobody reads its output, as with a daemon', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const script = `"${process.execPath}" "${SOLOD}" call --no-daemon "${service}" -- much | head -n 1 > /dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await box.exec('bash', ['-c', script]);
    expect(stdout.toString()).toBe('141\n');
  });
});

/** Replaced for the services of others, and loaded for that. */
const REPLACED = 'NativeModule worker_threads';

describe('a service that comes with solod', () => {
  it.each([
    ['goes by its context alone: nothing of the process is replaced for it', 'solod:status-line', false],
    ['has less to load than one of others', '', true],
  ])('%s', async (_, shipped, isReplaced) => {
    const box = sandbox();
    const list = path.join(box.path, 'loaded');
    const probe = path.join(box.path, 'probe.cjs');
    writeFileSync(
      probe,
      "process.on('exit', () => require('node:fs').writeFileSync(process.env.LOADED, process.moduleLoadList.join('\\n')));",
    );
    const env = { NODE_OPTIONS: `--require=${probe}`, LOADED: list };
    const service = shipped || box.service(SERVICE);
    const { code } = await box.run(['call', '--no-daemon', service], { env, input: '{}' });
    expect([code, readFileSync(list, 'utf8').split('\n').includes(REPLACED)]).toEqual([0, isReplaced]);
  });
});

describe('--fallback inline', () => {
  it('answers if no daemon can be started', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const wait = await box.run(['call', service, '--node', '/no/such/node']);
    expect(wait.code).toBe(71);
    const inline = await box.run([
      'call',
      '--fallback',
      'inline',
      '--verbose',
      '--node',
      '/no/such/node',
      service,
    ]);
    expect([inline.code, inline.stderr]).toEqual([
      0,
      expect.stringMatching(
        /can't be started.*\n(?:.*\n)*solod: in this process, without a daemon: no daemon of \S+ took the call/,
      ),
    ]);
  });

  it('answers now, byte for byte like the daemon, and starts a daemon for the next call', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const run = (...flags: string[]) =>
      box.run(['call', '--verbose', ...flags, service, '--', 'much'], { input: 'some' });
    const here = await run('--fallback', 'inline');
    expect(here.stderr).toMatch(
      /solod: in this process, without a daemon: no daemon of \S+ took the call at once/,
    );
    await eventually('the daemon claims its name', () => existsSync(path.join(box.place(), 'current')));
    const daemons = box.daemons();
    const there = await run();
    expect([there.code, there.stdout]).toEqual([here.code, here.stdout]);
    expect([(await run('--fallback', 'inline')).stderr, box.daemons()]).toEqual([there.stderr, daemons]);
    expect(daemons).toHaveLength(1);
  });

  it('does not try a service again that does not load', async () => {
    const box = sandbox();
    const service = box.service('throw new Error("not today");');
    const { code, stderr } = await box.run(['call', '--fallback', 'inline', service]);
    expect([code, stderr.match(/not today/g)?.length]).toEqual([70, 1]);
  });

  it('is wait or inline, and nothing else', async () => {
    const box = sandbox();
    const { code, stderr } = await box.run(['call', '--fallback', 'dance', box.service()]);
    expect([code, stderr]).toEqual([
      64,
      expect.stringContaining('--fallback dance is not one of its values; write wait or inline'),
    ]);
  });
});
