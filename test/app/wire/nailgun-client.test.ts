import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { ServiceContext, ServiceFunction } from '../../../src/app/service/define-service.js';
import { daemon, MIB, patterned } from './support.js';

/** The C client, as Debian and as its own makefile install it. */
function findClient(): string | undefined {
  const directories = (process.env.PATH ?? '').split(path.delimiter).filter((entry) => entry !== '');
  const candidates = ['ng-nailgun', 'ng'].flatMap((name) =>
    directories.map((entry) => path.join(entry, name)),
  );
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const client = findClient();

interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs the client against a service to its end. */
async function ng(file: string, args: readonly string[], stdin: Buffer = Buffer.alloc(0)): Promise<Ended> {
  const child = spawn(client as string, ['--nailgun-server', `local:${file}`, ...args]);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
  // A client whose call needs no input goes without having read it.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

async function ngRun(run: ServiceFunction, args: readonly string[], stdin?: Buffer): Promise<Ended> {
  const { file } = await daemon(run);
  return ng(file, ['any-command', ...args], stdin);
}

describe.skipIf(client === undefined)(`the public C client, which ${client ?? 'is not installed'}`, () => {
  it('hands its arguments, directory, environment and terminals over', async () => {
    let seen: ServiceContext | undefined;
    const { code } = await ngRun(
      (context) => {
        seen = context;
      },
      ['a', '', '-x', 'ü b'],
    );
    expect(code).toBe(0);
    expect(seen?.args).toEqual(['a', '', '-x', 'ü b']);
    expect(seen?.cwd).toBe(await realpath(process.cwd()));
    expect(seen?.env.PATH).toBe(process.env.PATH);
    expect([seen?.stdin.isTTY, seen?.stdout.isTTY, seen?.stderr.isTTY]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('takes the accepting chunk for nothing, and both outputs for what they are', async () => {
    const ended = await ngRun(({ stdout, stderr }) => {
      stdout.write('out\n');
      stderr.write('err\n');
    }, []);
    expect({ ...ended, stdout: ended.stdout.toString() }).toEqual({
      code: 0,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('exits as the service says', async () => {
    for (const code of [0, 1, 42, 255]) expect((await ngRun(() => code, [])).code).toBe(code);
    const failed = await ngRun(() => {
      throw new Error('broken');
    }, []);
    expect([failed.code, failed.stderr]).toEqual([1, 'any-command: broken\n']);
  });

  it('gets eight mebibytes of binary output, byte for byte', async () => {
    const output = patterned(8 * MIB);
    const ended = await ngRun(({ stdout }) => void stdout.write(output), []);
    expect(ended.code).toBe(0);
    expect(ended.stdout.equals(output)).toBe(true);
  });

  it('sends its input, to the end', async () => {
    const input = patterned(2 * MIB, 7);
    const ended = await ngRun(({ stdin, stdout }) => pipeline(stdin, stdout), [], input);
    expect(ended.code).toBe(0);
    expect(ended.stdout.equals(input)).toBe(true);
  });

  it('ends well with input that nobody reads, or not all of it', async () => {
    const input = patterned(MIB);
    expect((await ngRun(() => 3, [], input)).code).toBe(3);
    const some: ServiceFunction = async ({ stdin, stdout }) => {
      for await (const bytes of stdin) {
        stdout.write(`${(bytes as Buffer).length > 0}`);
        return 4;
      }
      return 5;
    };
    const ended = await ngRun(some, [], input);
    expect([ended.code, ended.stdout.toString()]).toEqual([4, 'true']);
  });

  it('sends a file as one long argument', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'solod-ng-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const file = path.join(directory, 'long');
    await writeFile(file, 'x'.repeat(10_000));
    let lengths: number[] = [];
    const run: ServiceFunction = ({ args }) => {
      lengths = args.map((arg) => arg.length);
    };
    await ngRun(run, ['ab', '--nailgun-filearg', file, 'c']);
    expect(lengths).toEqual([2, 10_000, 1]);
  });

  it('is told when the daemon drains, and why it declines', async () => {
    const draining = await daemon(() => {}, { admit: () => ({ kind: 'draining' }) });
    const told = await ng(draining.file, ['it']);
    expect([told.code, told.stdout.length]).toEqual([75, 0]);
    expect(told.stderr).toMatch(/^solod: [^\n]+\n$/);
    const message = 'Error: no\n    at there\n';
    const broken = await daemon(() => {}, { admit: () => ({ kind: 'declined', message, exitCode: 70 }) });
    const declined = await ng(broken.file, ['it']);
    expect([declined.code, declined.stderr]).toEqual([70, message]);
  });

  it('ends its call by going away', async () => {
    let begun: () => void = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { file, server } = await daemon(
      ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          begun();
        }),
    );
    const child = spawn(client as string, ['--nailgun-server', `local:${file}`, 'it'], { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await running;
    child.kill('SIGKILL');
    await server.settled();
  });
});
