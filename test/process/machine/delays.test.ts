/**
 * strace delays a candidate between two of its system calls, like a preempted process. A race that happens by
 * chance once in a thousand starts happens in every one of these.
 */

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ECHO, eventually, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const CANDIDATES = 8;

const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;

/** Runs candidates at once, with every second one delayed, and counts those that say that they serve. */
async function race(
  box: Sandbox,
  service: string,
  inject: string,
): Promise<{ serving: number; codes: (number | null)[] }> {
  const codes: (number | null)[] = [];
  let said = '';
  for (let n = 0; n < CANDIDATES; n++) {
    const traced = [
      '-f',
      '-q',
      '-o',
      '/dev/null',
      '-e',
      `inject=${inject}`,
      process.execPath,
      SOLOD,
      'serve',
      service,
    ];
    const child = n % 2 === 0 ? box.spawn('strace', traced) : box.start(['serve', service]);
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.once('exit', (code) => codes.push(code));
  }
  await eventually('all but one have ended', () => codes.length >= CANDIDATES - 1);
  await eventually('one says that it serves', () => /solod: serving/.test(said));
  return { serving: said.match(/solod: serving/g)?.length ?? 0, codes };
}

describe.skipIf(!canTrace)('candidates that are delayed between two system calls (strace)', () => {
  it.each([
    ['between bind and listen', 'listen:delay_enter=300000'],
    ['before the exclusive rename', 'rename,renameat,renameat2:delay_enter=200000:when=1'],
    ['before the link is repointed', 'rename,renameat,renameat2:delay_enter=300000:when=2'],
    ['before the link is made', 'symlink,symlinkat:delay_enter=300000'],
    ['after every rename', 'rename,renameat,renameat2:delay_exit=200000'],
    ['before every connect', 'connect:delay_enter=200000'],
  ])('%s: one serves, the others give way', async (_, inject) => {
    const box = sandbox();
    const service = box.service();
    const cold = await race(box, service, inject);
    expect(cold).toEqual({ serving: 1, codes: Array(CANDIDATES - 1).fill(0) });
    expect((await box.run(['call', service, '--', 'x'])).code).toBe(0);

    // Again, after a daemon that was killed.
    for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
    const again = await race(box, service, inject);
    expect(again.serving).toBe(1);
    const { stdout } = await box.run(['call', service, '--', 'x']);
    expect(box.daemons()).toContain(JSON.parse(stdout.toString()).pid);
    expect(box.generations().length).toBe(1);
  });

  it('callers wait for a slow daemon: one process for any number of callers', async () => {
    const box = sandbox();
    const service = box.service(ECHO);
    const slow = `${box.path}/slow-node`;
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      slow,
      `#!/bin/sh\nexec strace -f -q -o /dev/null -e inject=listen:delay_enter=2500000 ${process.execPath} "$@"\n`,
      { mode: 0o755 },
    );
    const answers = await box.all(10, () => ['call', service, '--node', slow]);
    expect(answers.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(10).fill({ code: 0, stderr: '' }),
    );
    expect(box.spawns()).toEqual(['cold']);
  });
});
