/**
 * Callers that are unusual processes. Each first starts a daemon and then finds it: both calls end as plain
 * Node does under the same caller, and nothing of the caller stays with the daemon.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { type Ended, has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const SERVICE = `
  import { text } from 'node:stream/consumers';
  export default async ({ args, stdin, stdout, stderr }) => {
    if (args.includes('read')) await text(stdin);
    stdout.write('out\\n');
    stderr.write('err\\n');
    return 3;
  };`;
const PLAIN = `process.stdout.write('out\\n'); process.stderr.write('err\\n'); process.exitCode = 3;`;

/** A worker of Node's cluster module has both. */
const PARENT = `
  const { spawn } = require('node:child_process');
  const [program, ...args] = process.argv.slice(2);
  const env = { ...process.env, NODE_UNIQUE_ID: '1' };
  const child = spawn(program, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.on('exit', (code) => { process.exitCode = code; });`;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: unknown;
}

interface Caller {
  /** A command line of a shell, in which `"$@"` is the call. */
  readonly shell: string;
  /** What the service is called with. */
  readonly args?: readonly string[];
  /** Where plain Node ends otherwise. */
  readonly ends?: Outcome;
}

const closed = [0, 1, 2].map((descriptor) => (descriptor === 0 ? '<&-' : `${descriptor}>&-`));
/** Of the three descriptors, each choice but none. */
const CLOSINGS = Array.from({ length: 7 }, (_, n) => closed.filter((_, at) => ((n + 1) >> at) & 1));

const USUAL: Outcome = { code: 3, stdout: 'out\n', stderr: 'err\n' };

const broken = (stream: string, code: string): Outcome => ({
  code: 74,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(`^(?:err\\n)?solod: ${stream} of this process failed: ${code}: [^\\n]*\\n$`),
  ),
});

const ALL_SIGNALS = 'HUP INT QUIT PIPE TERM USR1 USR2';

const CALLERS: Readonly<Record<string, Caller>> = {
  ...Object.fromEntries(
    CLOSINGS.map((some) => [`without descriptors: ${some.join(' ')}`, { shell: `"$@" ${some.join(' ')}` }]),
  ),
  'stdin is a directory that nobody reads': { shell: '"$@" </' },
  'stdin is a directory': { shell: '"$@" </', args: ['read'], ends: broken('stdin', 'EISDIR') },
  'stdout is full': { shell: '"$@" >/dev/full', ends: broken('stdout', 'ENOSPC') },
  'stderr is full': { shell: '"$@" 2>/dev/full', ends: { code: 74, stdout: 'out\n', stderr: '' } },
  'the working directory is gone': {
    shell: 'mkdir gone$$ && cd gone$$ && rmdir ../gone$$ && "$@"',
    ends: USUAL,
  },
  'no HOME': { shell: 'unset HOME; "$@"' },
  'an empty environment': { shell: 'exec env -i PATH="$PATH" SOLOD_DIR="$SOLOD_DIR" "$@"' },
  'a parent in Node that left its variables': {
    shell: 'NODE_UNIQUE_ID=1 NODE_CHANNEL_SERIALIZATION_MODE=json "$@"',
  },
  // Plain Node waits for the channel, or crashes for the lack of it.
  'a channel to a parent in Node': { shell: `"${process.execPath}" parent.cjs "$@"`, ends: USUAL },
  'a channel of a parent that has gone': { shell: 'NODE_CHANNEL_FD=3 "$@"', ends: USUAL },
  'umask 077': { shell: 'umask 077; "$@"' },
  'umask 000': { shell: 'umask 000; "$@"' },
  'few descriptors': { shell: 'ulimit -S -n 64; "$@"' },
  'little address space': { shell: 'ulimit -S -v 16000000; "$@"' },
  'little processor time': { shell: 'ulimit -S -t 20; "$@"' },
  'low priority': { shell: 'nice -n 7 "$@"' },
  'ignored signals': { shell: `trap '' ${ALL_SIGNALS}; "$@"` },
  nohup: { shell: 'nohup "$@" </dev/null' },
  'a relative preload': { shell: 'NODE_OPTIONS="--require ./preload.cjs" "$@"' },
};

const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  Node: [process.execPath, SOLOD],
  ...(hasCargo ? { native: [CLIENT] } : {}),
};

const WAYS = [
  ['starts a daemon', '--daemon'],
  ['finds it', '--daemon'],
  ['inline', '--no-daemon'],
] as const;

async function outcomeOf(box: Sandbox, shell: string, command: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr }: Ended = await box.exec('bash', ['-c', shell, 'bash', ...command]);
  return { code, stdout: stdout.toString(), stderr };
}

function stage(): Sandbox {
  const box = sandbox();
  box.service(SERVICE, 'service.mjs');
  for (const [name, text] of [
    ['plain.mjs', PLAIN],
    ['parent.cjs', PARENT],
    ['preload.cjs', ''],
  ] as const)
    writeFileSync(path.join(box.path, name), text);
  return box;
}

beforeAll(() => buildClient(), BUILD_MS);

describe.skipIf(!has('bash'))(`a caller${LEFT_OUT}`, () => {
  it.each(Object.entries(CALLERS))('%s', async (_, { shell, args = [], ends }) => {
    const box = stage();
    const plain = () => outcomeOf(box, shell, [process.execPath, path.join(box.path, 'plain.mjs')]);
    const expected = ends ?? (await plain());
    const service = path.join(box.path, 'service.mjs');
    const tried = Object.entries(CLIENTS).map(async ([name, client]) => {
      const state = path.join(box.path, name);
      mkdirSync(state, { mode: 0o700 });
      const call = [...client, 'call', `--state-dir=${state}`];
      for (const [how, option] of WAYS) {
        const outcome = await outcomeOf(box, shell, [...call, option, service, '--', ...args]);
        expect({ name, how, ...outcome }).toEqual({ name, how, ...expected });
      }
      const next = await outcomeOf(box, '"$@"', [...call, service]);
      expect({ name, ...next }).toEqual({ name, ...USUAL });
    });
    await Promise.all(tried);
  });
});
