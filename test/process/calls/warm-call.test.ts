/**
 * The warm path of a call: which arguments it takes, what it passes on and how, and its costs in bytes,
 * modules and system calls.
 */

import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readWarm, WARM_MS } from '../../../src/app/entry/warm-call.js';
import { readServiceArguments } from '../../../src/app/options/read-options.js';
import { CHUNK, ChunkDecoder, CLIENT_GRAMMAR, chunk } from '../../../src/app/wire/chunks.js';
import { has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

describe('the arguments of a warm call', () => {
  const word = fc.constantFrom(
    ...[
      'service',
      'a',
      'x y',
      '',
      '-',
      '--',
      '-x',
      '--verbose',
      '--fallback=inline',
      '--fallback=wait',
      '--errors=line',
    ],
    ...['--fallback=dance', '--fallback', 'inline', '--name', '--timeout=3', '--no-daemon', '--nonsense'],
  );

  it('are read like those of the whole command, or left to it', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        const warm = readWarm(argv);
        if (warm === undefined) return;
        const whole = readServiceArguments('call', argv);
        expect({ service: whole?.service, args: whole?.args }).toEqual(warm);
        const { verbose: _, fallback: __, errors: ___, ...others } = whole?.options ?? { verbose: false };
        expect(Object.values(others).filter((value) => value !== undefined && value !== false)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

const servers = new Set<net.Server>();
afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

/** One connection of a daemon that follows a script. */
type Script = (socket: net.Socket) => Promise<void> | void;

/** @returns the bytes that came on each connection */
async function daemonThat(box: Sandbox, service: string, ...scripts: Script[]): Promise<Buffer[]> {
  box.leaveLaunchFile(service);
  const generation = path.join(box.place(), '1');
  mkdirSync(generation, { mode: 0o700 });
  const heard: Buffer[] = [];
  const server = net.createServer((socket) => {
    const n = heard.push(Buffer.alloc(0)) - 1;
    socket.on('error', () => {});
    socket.once('data', () => void scripts[Math.min(n, scripts.length - 1)]?.(socket));
    socket.on('data', (bytes) => {
      heard[n] = Buffer.concat([heard[n] ?? Buffer.alloc(0), bytes]);
    });
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(path.join(generation, 'sock'), resolve));
  symlinkSync('1', path.join(box.place(), 'current'));
  return heard;
}

const ACCEPTED = chunk(CHUNK.output);
const ANSWER = Buffer.concat([
  ...[ACCEPTED, chunk(CHUNK.output, 'abc'), chunk(CHUNK.errorOutput, 'err'), chunk(CHUNK.exit, '3')],
]);

/** Sends pieces with pauses, so that they arrive one by one. */
const saying =
  (pauseMs: number, ...pieces: readonly Buffer[]): Script =>
  async (socket) => {
    for (const piece of pieces) {
      socket.write(piece);
      await delay(pauseMs);
    }
    socket.end();
  };

async function called(input: string, ...scripts: Script[]) {
  const box = sandbox();
  const service = box.service();
  const heard = await daemonThat(box, service, ...scripts);
  const { code, stdout, stderr } = await box.run(['call', service], { input });
  return { connections: heard.length, heard, code, stdout: stdout.toString(), stderr };
}

const ANSWERED = { connections: 1, code: 3, stdout: 'abc', stderr: 'err' };

/** The input in what a client sends after its request. */
const inputIn = (bytes: Buffer): Buffer =>
  Buffer.concat(
    new ChunkDecoder(CLIENT_GRAMMAR)
      .decode(bytes)
      .flatMap((decoded) =>
        decoded.kind === 'piece' && decoded.type === CHUNK.input ? [decoded.bytes] : [],
      ),
  );

describe('an answer', () => {
  it.each(Array.from({ length: ANSWER.length }, (_, n) => n))(
    'that arrives in two parts, cut after %i bytes, is the same',
    async (cut) => {
      const script = saying(20, ANSWER.subarray(0, cut), ANSWER.subarray(cut));
      expect(await called('', script)).toMatchObject(ANSWERED);
    },
  );

  it('that takes longer than the time of the warm path, before or after the call is accepted, is the same', async () => {
    const late: Script = async (socket) => {
      await delay(2 * WARM_MS);
      await saying(2 * WARM_MS, ACCEPTED, ANSWER.subarray(ACCEPTED.length))(socket);
    };
    expect(await called('', late)).toMatchObject(ANSWERED);
  });

  it('that is long is the same', async () => {
    const long = Buffer.alloc(3_000_000, 'line of text\n');
    const pieces = [ACCEPTED, chunk(CHUNK.output, long), chunk(CHUNK.exit, '0')];
    expect(await called('', saying(1, ...pieces))).toMatchObject({
      code: 0,
      stdout: long.toString(),
      connections: 1,
    });
  });

  it('that waits for input gets it', async () => {
    const asks: Script = async (socket) => {
      socket.write(Buffer.concat([ACCEPTED, chunk(CHUNK.output, 'say: '), chunk(CHUNK.inputRequest)]));
      socket.once(
        'data',
        (bytes) => void saying(1, chunk(CHUNK.output, inputIn(bytes)), chunk(CHUNK.exit, '0'))(socket),
      );
    };
    expect(await called('what it is given', asks)).toMatchObject({
      code: 0,
      stdout: 'say: what it is given',
      connections: 1,
    });
  });

  it('that is a refusal is reported as one', async () => {
    const refusal = saying(1, chunk(CHUNK.errorOutput, 'not today'), chunk(CHUNK.exit, '70'));
    expect(await called('', refusal)).toMatchObject({
      code: 70,
      stdout: '',
      stderr: expect.stringContaining('not today'),
    });
  });

  it('that does not come because the daemon drains is requested again', async () => {
    const leaves: Script = (socket) => void socket.end();
    const drains = saying(1, chunk(CHUNK.errorOutput, 'draining'), chunk(CHUNK.exit, '75'));
    expect(await called('', leaves, drains, saying(1, ANSWER))).toMatchObject({
      ...ANSWERED,
      connections: 3,
    });
  });

  it.each([
    ['ends without an exit code', ACCEPTED, 'closed the connection before the exit code'],
    ['has no exit code', Buffer.concat([ACCEPTED, chunk(CHUNK.exit, '300')]), '"300"'],
    ['is in no known form', Buffer.concat([ACCEPTED, Buffer.from('nonsense')]), 'unknown type'],
  ])('that %s is a lost call', async (_, bytes, says) => {
    expect(await called('', saying(1, bytes))).toMatchObject({
      code: 76,
      stderr: expect.stringContaining(says),
      connections: 1,
    });
  });

  it('whose reader has gone away ends the call', async () => {
    const box = sandbox();
    const service = box.service();
    const much = Buffer.alloc(500_000, 'much\n');
    await daemonThat(
      box,
      service,
      saying(1, ACCEPTED, ...Array.from({ length: 20 }, () => chunk(CHUNK.output, much))),
    );
    const line = `"$1" "$2" call "$3" | head -c 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await box.exec('bash', ['-c', line, 'bash', process.execPath, SOLOD, service]);
    expect(stdout.toString()).toBe('m141\n');
  });
});

describe('a warm call costs', () => {
  const warm = async () => {
    const box = sandbox();
    const service = box.service();
    await daemonThat(box, service, saying(1, Buffer.concat([ACCEPTED, chunk(CHUNK.exit, '0')])));
    return { box, service };
  };

  it('less than 10,000 bytes of program', () => {
    expect(statSync(SOLOD).size).toBeLessThan(10_000);
  });

  it('no modules of Node except those for a connection, a file and a signal', async () => {
    const { box, service } = await warm();
    const list = path.join(box.path, 'list.cjs');
    writeFileSync(
      list,
      "process.on('exit', () => require('node:fs').writeFileSync(process.env.LOADED, process.moduleLoadList.join('\\n')));",
    );
    const loaded = async (name: string, ...args: string[]): Promise<string[]> => {
      const file = path.join(box.path, name);
      const { code } = await box.exec(process.execPath, ['-r', list, ...args], { env: { LOADED: file } });
      expect(code).toBe(0);
      return readFileSync(file, 'utf8').split('\n');
    };
    const least = path.join(box.path, 'least.cjs');
    writeFileSync(
      least,
      "require('node:net'); require('node:fs'); require('node:path'); process.on('SIGINT', () => {}); process.exit(0);",
    );
    const needed = new Set(await loaded('needed', least));
    const more = (await loaded('used', SOLOD, 'call', service)).filter((name) => !needed.has(name));
    expect(more).toEqual([]);
  });

  it('one write, which is the request, and no other message', async () => {
    const box = sandbox();
    const service = box.service();
    const heard = await daemonThat(box, service, saying(1, ANSWER));
    await box.run(['call', service, 'an argument']);
    const types = new ChunkDecoder(CLIENT_GRAMMAR)
      .decode(heard[0] ?? Buffer.alloc(0))
      .map((decoded) => decoded.kind === 'whole' && decoded.type);
    expect(types.filter((type) => type !== CHUNK.environment)).toEqual([
      CHUNK.argument,
      CHUNK.directory,
      CHUNK.command,
    ]);
  });

  it.runIf(has('strace'))('at most 60 system calls more than a program that does nothing', async () => {
    const { box, service } = await warm();
    const nothing = path.join(box.path, 'nothing.cjs');
    writeFileSync(nothing, 'process.exit(0);');
    const calls = async (...args: string[]): Promise<number> => {
      const file = path.join(box.path, 'trace');
      // Only the main thread: the work of Node's other threads depends on the machine.
      const { code } = await box.exec('strace', ['-o', file, process.execPath, ...args]);
      expect(code).toBe(0);
      // Without calls for memory, which depend on the engine.
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => /^\w+\(/.test(line) && !/^(?:mmap|munmap|mprotect|madvise|brk|futex)\(/.test(line))
        .length;
    };
    // On a busy machine an answer may come too late for the warm way.
    const warmCalls = [];
    for (let n = 0; n < 5; n++) warmCalls.push(await calls(SOLOD, 'call', service));
    expect(Math.min(...warmCalls) - (await calls(nothing))).toBeLessThanOrEqual(60);
  });
});
