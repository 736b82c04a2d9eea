/** What a call carries, and how it ends. */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually, has, readOr, SOLOD, sandbox } from '../support/sandbox.js';

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a call carries', () => {
  it('arguments, exactly as they were given', async () => {
    const box = sandbox();
    const args = ['', ' ', '--flag', '-x', 'ä€😀', 'two\nlines', '--', '--name=other'];
    const { stdout, code } = await box.run(['call', box.service(), '--', ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString()).args).toEqual(args);
  });

  it("the caller's working directory and environment, not the daemon's", async () => {
    const box = sandbox();
    const service = box.service(
      'export default ({ cwd, env, stdout }) => void stdout.write(JSON.stringify({ cwd, own: process.cwd(), x: env.X ?? null }));',
    );
    await box.run(['call', service], { env: { X: 'first' } });
    const second = await box.run(['call', service], { env: { X: 'second' }, cwd: '/tmp' });
    expect(JSON.parse(second.stdout.toString())).toEqual({ cwd: '/tmp', own: '/tmp', x: 'second' });
  });

  it('any bytes both ways, in any amount', async () => {
    const box = sandbox();
    const service = box.service(`
      import { pipeline } from 'node:stream/promises';
      export default async ({ stdin, stdout }) => { await pipeline(stdin, stdout); return 7; };
    `);
    const input = randomBytes(16 * 1024 * 1024 + 1);
    const { stdout, code, stderr } = await box.run(['call', service], { input });
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
    expect(sha(stdout)).toBe(sha(input));
  });

  it('stderr apart from stdout', async () => {
    const box = sandbox();
    const service = box.service(
      "export default ({ stdout, stderr }) => { stdout.write('out'); stderr.write('err'); return 3; };",
    );
    const { stdout, stderr, code } = await box.run(['call', service]);
    expect({ out: stdout.toString(), stderr, code }).toEqual({ out: 'out', stderr: 'err', code: 3 });
  });

  it('an error that a service throws: one line, exit code 1, and the daemon goes on', async () => {
    const box = sandbox();
    const service = box.service(
      "export default ({ args }) => { if (args[0] === 'throw') throw new Error('first\\nsecond'); };",
    );
    const thrown = await box.run(['call', service, '--', 'throw']);
    expect(thrown.code).toBe(1);
    expect(thrown.stderr.trim().split('\n')).toHaveLength(1);
    expect(thrown.stderr).toContain('first');
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.spawns()).toEqual(['cold']);
  });

  it.each([
    [
      'an ES module with defineService',
      'a.mjs',
      (index: string) =>
        `import { defineService } from ${index}; export default defineService({ run: () => 5 });`,
    ],
    ['a CommonJS module', 'b.cjs', () => 'module.exports = () => 5;'],
    ['a transpiled CommonJS module', 'c.cjs', () => 'exports.__esModule = true; exports.default = () => 5;'],
  ])('and runs a service that is %s', async (_, name, source) => {
    const box = sandbox();
    const index = JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href);
    expect(await box.run(['call', box.service(source(index), name)])).toMatchObject({ code: 5, stderr: '' });
  });
});

describe('a call that ends early', () => {
  const PATIENT = `
    import { writeFileSync } from 'node:fs';
    export default ({ args, signal, stdout }) => new Promise((resolve) => {
      stdout.write('begun\\n');
      signal.addEventListener('abort', () => { writeFileSync(args[0], 'aborted'); resolve(0); });
    });
  `;

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s at the client cancels the call and ends the client',
    async (signal) => {
      const box = sandbox();
      const mark = `${box.path}/mark`;
      const child = box.start(['call', box.service(PATIENT), '--', mark]);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
      await eventually('the signal is aborted', () => readOr(mark) === 'aborted');
      expect(box.daemons()).toHaveLength(1);
    },
  );

  it('a killed client aborts its call too', async () => {
    const box = sandbox();
    const mark = `${box.path}/mark`;
    const child = box.start(['call', box.service(PATIENT), '--', mark]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGKILL');
    await eventually('the signal is aborted', () => readOr(mark) === 'aborted');
  });

  it('a daemon killed during a call: a clear error, its own exit code, and no retry', async () => {
    const box = sandbox();
    const mark = `${box.path}/mark`;
    const child = box.start(['call', box.service(PATIENT), '--', mark]);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    process.kill(box.daemons()[0] ?? 0, 'SIGKILL');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(76);
    expect(stderr).toContain('lost after the call had begun');
    expect(box.spawns()).toEqual(['cold']);
  });

  it('a reader that goes away, as head does, ends the call', async () => {
    const box = sandbox();
    const service = box.service(`
      export default async ({ stdout, signal }) => {
        while (!signal.aborted) {
          if (!stdout.write('y\\n'.repeat(5000))) await new Promise((resolve) => { stdout.once('drain', resolve); signal.addEventListener('abort', resolve); });
        }
      };
    `);
    const shell = '"$0" "$1" call "$2" | head -n 3';
    const ended = await box.exec('sh', ['-c', shell, process.execPath, SOLOD, service]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.toString()).toBe('y\ny\ny\n');
    await eventually('nothing is in flight', async () => {
      const { stdout } = await box.run(['status', service, '--json']);
      return JSON.parse(stdout.toString()).inFlight === 0;
    });
  });
});

describe('a service that does not load', () => {
  it('tells every waiting client why, ends with an error, and starts again once it is fixed', async () => {
    const box = sandbox();
    const service = box.service(
      "await new Promise((r) => setTimeout(r, 300)); throw new Error('out of paint');",
    );
    const answers = await box.all(20, () => ['call', service]);
    for (const { code, stderr } of answers) {
      expect(code).toBe(70);
      expect(stderr).toContain('out of paint');
      expect(stderr).toMatch(/ at .*echo\.mjs:1/);
    }
    await eventually('the daemon is gone', () => box.daemons().length === 0);
    expect(box.leftovers()).toEqual([]);
    box.service();
    expect((await box.run(['call', service])).code).toBe(0);
  });

  it.each([
    ['a syntax error', 'export default ((', /SyntaxError/],
    ['no default export', 'export const x = 1;', /default export/],
    ['a default export that is not a service', 'export default 42;', /default export/],
    ['a missing import', "import 'no-such-package'; export default () => 0;", /no-such-package/],
  ])('%s', async (_, source, reason) => {
    const box = sandbox();
    const { code, stderr } = await box.run(['call', box.service(source)]);
    expect(code).toBe(70);
    expect(stderr).toMatch(reason);
  });
});

describe.skipIf(!has('ng-nailgun'))('the public ng client, unmodified', () => {
  const SERVICE = `
    export default async ({ args, stdin, stdout, env, cwd }) => {
      if (args[0] === 'big') { stdout.write(Buffer.alloc(8 * 1024 * 1024, 'x')); return 0; }
      let read = 0;
      if (args[0] === 'read') for await (const chunk of stdin) read += chunk.length;
      stdout.write(JSON.stringify({ args, read, cwd, home: env.HOME }));
      return args[0] === 'exit' ? Number(args[1]) : 0;
    };
  `;

  async function prepared() {
    const box = sandbox();
    const service = box.service(SERVICE);
    await box.run(['call', service]);
    const server = `local:${box.place()}/current/sock`;
    const ng = (args: readonly string[], input = Buffer.alloc(0)) =>
      box.exec('ng-nailgun', ['--nailgun-server', server, 'anything', ...args], { input });
    return ng;
  }

  it('arguments, exit codes, input, large output', async () => {
    const ng = await prepared();
    const exit = await ng(['exit', '42']);
    expect(exit.code).toBe(42);
    expect((await ng(['big'])).stdout).toHaveLength(8 * 1024 * 1024);
    const read = await ng(['read'], Buffer.alloc(300_000, 'i'));
    expect(JSON.parse(read.stdout.toString()).read).toBe(300_000);
  });
});

describe('a careless service', () => {
  /** Runs one call of a service with this body, and a second call that must not notice it. */
  async function careless(body: string) {
    const box = sandbox();
    const service = box.service(`
      import { readFileSync } from 'node:fs';
      export default async ({ args: [how], stdin, stdout, stderr, signal }) => {
        if (how === 'well') { console.log(process.listenerCount('SIGINT'), process.listenerCount('exit')); return 0; }
        ${body}
      };
    `);
    const first = await box.run(['call', service, '--', 'careless'], { input: 'input' });
    const [pid] = box.daemons();
    const second = await box.run(['call', service, '--', 'well']);
    expect([second.code, second.stdout.toString(), second.stderr]).toEqual([0, '0 0\n', '']);
    expect(box.daemons()).toEqual([pid]);
    return { box, service, first };
  }

  it('prints after its end: only the log gets it', async () => {
    const { box, first } = await careless(
      "setTimeout(() => { stdout.write('late'); process.stdout.write('late'); console.log('to the log'); }, 20);",
    );
    expect([first.code, first.stdout.toString()]).toEqual([0, '']);
    await eventually('the log has it', () => readOr(`${box.place()}/log`).includes('to the log\n'));
    expect(readOr(`${box.place()}/log`)).not.toContain('late');
  });

  it('exits or fails after its end: the daemon goes on', async () => {
    const { box, service } = await careless(
      "setTimeout(() => process.exit(9), 1); setTimeout(() => { throw new Error('adrift'); }, 2); void new Promise((_, no) => setTimeout(no, 3, new Error('lost')));",
    );
    await eventually('the log has it', () => /adrift.*lost/s.test(readOr(`${box.place()}/log`)));
    expect((await box.run(['call', service, '--', 'well'])).code).toBe(0);
  });

  it('never reads, or begins to read and ends', async () => {
    const { first } = await careless(
      "stdin.on('data', () => {}); process.stdin.setEncoding('utf8'); return 4;",
    );
    expect([first.code, first.stderr]).toEqual([4, '']);
  });

  it('leaves handlers of signals and of exit', async () => {
    const { first } = await careless(
      "for (let n = 0; n < 50; n++) process.setMaxListeners(0).on('SIGINT', () => {}).on('exit', () => {}); return 5;",
    );
    expect([first.code, first.stderr]).toEqual([5, '']);
  });

  it('fails twice: the first error counts, and the log has the second', async () => {
    const { box, first } = await careless(
      "setTimeout(() => { throw new Error('first'); }); setTimeout(() => { throw new Error('second'); }, 5); await new Promise(() => {});",
    );
    expect([first.code, first.stderr]).toEqual([1, expect.stringMatching(/^echo-\w+: first\n$/)]);
    await eventually('the log has it', () => readOr(`${box.place()}/log`).includes('Error: second'));
  });

  it('gets the end of its caller as a signal', async () => {
    const box = sandbox();
    const mark = `${box.path}/mark`;
    const service = box.service(`
      import { writeFileSync } from 'node:fs';
      export default async ({ args: [mark] }) => {
        process.on('SIGINT', () => { writeFileSync(mark, 'SIGINT'); process.exit(130); });
        console.log('begun');
        await new Promise(() => {});
      };
    `);
    const child = box.start(['call', service, '--', mark]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    await eventually('the handler runs', () => readOr(mark) === 'SIGINT');
    await eventually('nothing is in flight', async () => {
      const { stdout } = await box.run(['status', service, '--json']);
      return JSON.parse(stdout.toString()).inFlight === 0;
    });
  });
});

describe('a service that is loaded', () => {
  it('sees nothing of its first caller', async () => {
    const box = sandbox();
    const service = box.service(
      "const seen = [process.env.TOKEN, process.env.HOME, process.stdout.isTTY]; const made = (() => { try { (await import('node:fs')).writeFileSync('made', ''); return 'made'; } catch (error) { return error.code; } })(); export default () => console.log(JSON.stringify([...seen, made]));".replace(
        '(() => {',
        'await (async () => {',
      ),
    );
    for (const TOKEN of ['one', 'two'])
      expect(JSON.parse((await box.run(['call', service], { env: { TOKEN } })).stdout.toString())).toEqual([
        null,
        box.path,
        null,
        'ENOENT',
      ]);
  });

  it('may end its daemon', async () => {
    const box = sandbox();
    const { code, stderr } = await box.run(['call', box.service('process.exit(3);')]);
    expect([code, stderr]).toEqual([70, expect.stringContaining('ended with exit code 3 before it served')]);
  });
});

describe('a hundred calls at once on the same streams', () => {
  it.each(['on', 'off'])('give no warning about listeners: SOLOD=%s', async (SOLOD_SWITCH) => {
    const box = sandbox();
    const service = box.service(
      "export default async ({ stdin }) => { for await (const _ of stdin); console.log('x'); };",
    );
    const program = `
      import { call } from ${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)};
      process.on('warning', (warning) => { console.error(warning.stack); });
      const { signal } = new AbortController();
      const { stdin, stdout, stderr } = process;
      const one = () => call({ service: ${JSON.stringify(service)}, stdin, stdout, stderr, signal });
      const ends = await Promise.all(Array.from({ length: 100 }, one));
      console.log(ends.filter(({ kind, code }) => kind === 'exited' && code === 0).length);
      const left = ['error', 'drain', 'data'].map((event) => [stdout, stderr, stdin].map((stream) => stream.listenerCount(event)));
      console.log(JSON.stringify([stdout.getMaxListeners(), ...left]));
    `;
    const { stdout, stderr } = await box.exec(process.execPath, ['--input-type=module', '-e', program], {
      env: { SOLOD: SOLOD_SWITCH },
    });
    expect(stderr).toBe('');
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines.slice(-2)).toEqual(['100', expect.stringMatching(/^\[10,/)]);
    expect(lines.filter((line) => line === 'x')).toHaveLength(100);
  });
});
