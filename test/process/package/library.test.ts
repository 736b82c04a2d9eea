/**
 * The library as another program uses it: with its own wire, in its own process, for any number of callers.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type * as Solod from '../../../src/app/entry/index.js';
import { eventually, isRoot, type Sandbox, sandbox } from '../support/sandbox.js';

const INDEX = new URL('../../../dist/index.js', import.meta.url).href;
const solod = (await import(INDEX)) as typeof Solod;

/** An HTTP server on a claimed name. */
const HTTP_DAEMON = `
  import http from 'node:http';
  import { claim } from ${JSON.stringify(INDEX)};
  const claimed = await claim({ name: 'web', stateDirectory: process.argv[2] });
  if (claimed.kind !== 'claimed') process.exit(claimed.kind === 'gave-way' ? 0 : 1);
  const server = http.createServer((request, response) => response.end(request.url + ' ' + process.pid));
  claimed.serve((socket) => server.emit('connection', socket));
`;

function program(
  box: Sandbox,
  source = HTTP_DAEMON,
): Solod.ObtainOptions & { command: readonly [string, ...string[]] } {
  const file = path.join(box.path, 'daemon.cjs.mjs');
  writeFileSync(file, source);
  return {
    name: 'web',
    stateDirectory: box.state,
    command: [process.execPath, file, box.state, '/daemon.cjs'],
    env: box.env,
  };
}

function get(socketPath: string, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: url, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.once('end', () => resolve(body));
    });
    request.once('error', reject);
  });
}

const PATIENT = { timing: { totalMs: 10_000 } };

describe('obtain and claim with another server', () => {
  it('start it once for all callers at once, and attach the others', async () => {
    const box = sandbox();
    const options = { ...program(box), ...PATIENT };
    const results = await Promise.all(Array.from({ length: 20 }, () => solod.obtain(options)));
    expect(results.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill('attached'), 'started']);
    const [first] = results;
    if (first?.kind === 'failed' || first === undefined) throw new Error('not reached');
    const bodies = await Promise.all(Array.from({ length: 10 }, (_, n) => get(first.socketPath, `/${n}`)));
    expect(bodies).toEqual(bodies.map((_, n) => `/${n} ${first.owner?.pid}`));
    expect(box.spawns()).toEqual(['cold']);
    expect(box.daemons()).toEqual([first.owner?.pid]);
  });

  it('report a stopped daemon as not answering, within the budget, and name it', async () => {
    const box = sandbox();
    const options = program(box);
    const started = await solod.obtain({ ...options, ...PATIENT });
    if (started.kind !== 'started') throw new Error(started.kind);
    process.kill(started.owner.pid, 'SIGSTOP');
    await eventually('it has stopped', () =>
      / T /.test(readFileSync(`/proc/${started.owner.pid}/stat`, 'utf8')),
    );
    const result = await solod.obtain({ ...options, timing: { totalMs: 300 } });
    expect(result).toMatchObject({
      kind: 'failed',
      failure: { kind: 'not-answering', owner: { pid: started.owner.pid } },
    });
    process.kill(started.owner.pid, 'SIGCONT');
    expect((await solod.obtain({ ...options, ...PATIENT })).kind).toBe('attached');
    expect(box.spawns()).toEqual(['cold']);
  });

  it('give a connection for another protocol', async () => {
    const box = sandbox();
    const result = await solod.connect({ ...program(box), ...PATIENT });
    if (result.kind === 'failed') throw new Error(result.message);
    result.connection.write('GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let said = '';
    for await (const chunk of result.connection) said += chunk;
    expect(said).toContain('/hello');
  });

  it('try a program twice that exits with 0 without serving, and then fail', async () => {
    const box = sandbox();
    const result = await solod.obtain({ ...program(box, 'process.exit(0)'), ...PATIENT });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'died-at-start', code: 0 } });
    expect(box.spawns()).toHaveLength(2);
    expect(box.leftovers()).toEqual([]);
  });

  it('report a program that fails, with its output', async () => {
    const box = sandbox();
    const source = "console.error('the reason why'); process.exit(3)";
    const result = await solod.obtain({ ...program(box, source), ...PATIENT });
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'died-at-start', code: 3 } });
    expect(result.kind === 'failed' && result.message).toContain('the reason why');
    expect(box.spawns()).toHaveLength(1);
    expect(box.leftovers()).toEqual([]);
  });

  it('return invalid options as a result', async () => {
    const box = sandbox();
    const options = { ...program(box), name: '..' };
    expect(await solod.obtain(options)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'invalid-request' },
    });
    expect(await solod.claim({ name: 'a/b' })).toMatchObject({
      kind: 'failed',
      failure: { kind: 'invalid-request' },
      code: 'SOLOD_E_USAGE_NAME',
    });
    expect(await solod.claim({ name: 'web', stateDirectory: '/dev/null' })).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('the state directory /dev/null'),
      code: expect.stringMatching(/^SOLOD_E_STATE_DIRECTORY_/),
    });
    const service = { service: '/no/such/file', stateDirectory: box.state };
    expect(await solod.obtain(service)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'service-missing' },
    });
  });

  it('return a refusal of the system while options are read as a result', async () => {
    const refuse = (message: string, syscall: string) => (): never => {
      throw Object.assign(new Error(message), { code: 'ENOENT', syscall });
    };
    const invalid = (message: string) => ({ kind: 'invalid-request', message });
    const gone = 'the working directory of this process does not exist any more; change to another one';
    for (const [given, failure] of [
      [{ home: refuse('ENOENT: uv_os_get_passwd', 'uv_os_get_passwd') }, { kind: 'no-home' }],
      [{ directory: refuse('ENOENT: it is gone', 'uv_cwd') }, invalid(gone)],
      [{ directory: refuse('ENOENT: it is gone', 'open') }, invalid('ENOENT: it is gone')],
    ] as const) {
      const refused = { kind: 'failed', failure };
      const own = solod.createSolod({ ...given, env: {}, warn: () => {} });
      expect(await own.obtain({ name: 'web', command: ['/bin/true'] })).toMatchObject(refused);
      expect(await own.claim({ name: 'web' })).toMatchObject(refused);
      expect(own.kick({ name: 'web', command: ['/bin/true'] })).toMatchObject(refused);
    }
  });

  it('return arguments that a process can not get as a result', async () => {
    const box = sandbox();
    const nul = await solod.obtain({ ...program(box), command: ['/bin/true', 'a\0b'] });
    expect(nul).toMatchObject({ kind: 'failed', failure: { kind: 'spawn-threw' } });
    const long = await solod.obtain({ ...program(box), command: ['/bin/true', 'x'.repeat(3_000_000)] });
    expect(long).toMatchObject({ kind: 'failed', failure: { kind: expect.stringMatching(/^spawn-/) } });
    expect(box.leftovers()).toEqual([]);
  });
});

it('a program claims its name in the SOLOD_DIR of its caller', async () => {
  const box = sandbox();
  const source = HTTP_DAEMON.replace(', stateDirectory: process.argv[2]', '');
  const { command } = program(box, source);
  const own = solod.createSolod({ env: { ...box.env, SOLOD_DIR: box.state } });
  expect((await own.obtain({ name: 'web', command, ...PATIENT })).kind).toBe('started');
  expect(box.daemons()).toHaveLength(1);
});

describe('other adapters', () => {
  it('replace those of Node one by one; undefined counts as not given', async () => {
    const box = sandbox();
    const warned: string[] = [];
    const env = { ...box.env, SOLOD_DIR: box.state };
    const own = solod.createSolod({ warn: (line) => void warned.push(line), env, clock: undefined });
    expect(own.kick({ name: 'web', command: ['/no/such/program'] }).kind).toBe('failed');
    expect(warned).toEqual([expect.stringContaining('/no/such/program')]);
    const { command } = program(box);
    expect((await own.obtain({ name: 'web', command, ...PATIENT })).kind).toBe('started');
    expect(box.daemons()).toHaveLength(1);
  });

  it('may be a minimal clock, which is enough for a start', async () => {
    const box = sandbox();
    let asked = 0;
    const clock = {
      now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
      sleep: (ms: number) => {
        asked += 1;
        return new Promise<{ kind: 'done' }>((resolve) =>
          setTimeout(() => resolve({ kind: 'done' }), ms).unref(),
        );
      },
    };
    const result = await solod.createSolod({ clock }).obtain({ ...program(box), ...PATIENT });
    expect(result.kind).toBe('started');
    expect(asked).toBeGreaterThan(0);
  });
});

describe('kick', () => {
  it('has done its work when it returns: the caller exits in its next statement', async () => {
    const box = sandbox();
    const service = box.service();
    const caller = path.join(box.path, 'caller.mjs');
    writeFileSync(
      caller,
      `import { kick } from ${JSON.stringify(INDEX)};
       kick({ service: ${JSON.stringify(service)}, idleTimeoutMs: 60000 });
       process.exit(0);`,
    );
    const ended = await Promise.all([1, 2, 3].map(() => box.exec(process.execPath, [caller])));
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(3).fill({ code: 0, stderr: '' }),
    );
    await eventually('the daemon serves', () => box.daemons().length === 1 && box.leftovers().length === 0);
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('starts one process when it runs many times in one process, while the daemon starts and after', async () => {
    const box = sandbox();
    const options = { ...program(box) };
    const kinds = new Set<string>();
    for (let n = 0; n < 200; n++) kinds.add(solod.kick(options).kind);
    await eventually('the daemon has claimed', () => solod.kick(options).kind === 'running');
    expect(kinds).toContain('started');
    expect(box.spawns()).toEqual(['cold']);
  });

  it('does not hold a pipe of its caller open', async () => {
    const box = sandbox();
    const ended = await box.exec('sh', [
      '-c',
      '"$0" "$1" kick "$2" | cat',
      process.execPath,
      path.resolve('dist/solod.cjs'),
      box.service(),
    ]);
    expect(ended.code).toBe(0);
    await eventually('the daemon serves', () => box.daemons().length === 1);
  });
});

describe('the files on disk', () => {
  it('the owner file holds the identity of the daemon', async () => {
    const box = sandbox();
    const result = await solod.obtain({ ...program(box), ...PATIENT });
    if (result.kind !== 'started') throw new Error(result.kind);
    const owner = JSON.parse(readFileSync(path.join(box.place(), 'current', 'owner.json'), 'utf8'));
    expect(owner).toEqual(result.owner);
    expect(owner).toMatchObject({ name: 'web', pid: box.daemons()[0] });
    const stat = readFileSync(`/proc/${owner.pid}/stat`, 'utf8');
    expect(owner.startTime).toBe(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  });
});

describe.skipIf(!isRoot)('limits that only root can set up', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 16])(
    'a full disk (a tmpfs with %i inodes): an answer or ENOSPC',
    async (inodes) => {
      const box = sandbox();
      const mount = path.join(box.path, 'small');
      await box.exec('mkdir', ['-m', '700', mount]);
      const mounted = await box.exec('mount', [
        '-t',
        'tmpfs',
        '-o',
        `nr_inodes=${inodes},mode=0700`,
        'none',
        mount,
      ]);
      if (mounted.code !== 0) return expect(mounted.stderr).toMatch(/permission|permitted/i);
      try {
        const called = await box.run(['call', box.service(), '--state-dir', mount]);
        if (called.code !== 0) {
          expect(called.stderr).toMatch(/^solod: [\s\S]*ENOSPC/);
          expect([70, 73]).toContain(called.code);
          expect(box.daemons()).toEqual([]);
        }
        if (inodes <= 3) expect(called.code).toBe(73);
        if (inodes === 16) expect(called.code).toBe(0);
      } finally {
        for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
        await box.exec('umount', ['-l', mount]);
      }
    },
  );

  it('a read-only file system', async () => {
    const box = sandbox();
    const mount = path.join(box.path, 'read-only');
    await box.exec('mkdir', ['-m', '700', mount]);
    const mounted = await box.exec('mount', ['-t', 'tmpfs', '-o', 'ro,mode=0700', 'none', mount]);
    if (mounted.code !== 0) return expect(mounted.stderr).toMatch(/permission|permitted/i);
    try {
      const called = await box.run(['call', box.service(), '--state-dir', mount]);
      expect(called.code).toBe(73);
      expect(called.stderr).toMatch(/EROFS/);
      expect((await box.run(['kick', box.service(), '--state-dir', mount])).stderr).toBe('');
    } finally {
      await box.exec('umount', ['-l', mount]);
    }
  });
});

describe('few descriptors', () => {
  it.each([16, 20, 22, 24, 28, 32])('ulimit -n %i: an answer or a reason, never a crash', async (limit) => {
    const box = sandbox();
    const service = box.service();
    const shell = `ulimit -n ${limit}; exec "$0" "$1" call "$2" --timeout 3s`;
    const ended = await box.exec('sh', [
      '-c',
      shell,
      process.execPath,
      path.resolve('dist/solod.cjs'),
      service,
    ]);
    // With so few, Node itself can't start, and no code of solod runs.
    const nodeGaveUp =
      ended.signal !== null || /node::|uv_loop_init|Assertion|EMFILE.*solod\.cjs/.test(ended.stderr);
    if (ended.code !== 0 && !nodeGaveUp) expect(ended.stderr).toMatch(/^solod: /);
    expect((await box.run(['call', service])).code).toBe(0);
  });
});
