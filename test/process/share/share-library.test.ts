/** `shareStdio`, for hosts that share servers themselves. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, sandbox } from '../support/sandbox.js';
import { ShareFixture } from './share-support.js';

it('two sessions of one program have one server, and end with their input', async () => {
  const share = new ShareFixture(sandbox());
  const { box } = share;
  const script = path.join(box.path, 'host.mjs');
  writeFileSync(
    script,
    `import { PassThrough } from 'node:stream';
     import { shareStdio } from ${JSON.stringify(path.join(ROOT, 'dist/index.js'))};
     const command = ${JSON.stringify(share.command())};
     async function session(say) {
       const [stdin, stdout] = [new PassThrough(), new PassThrough()];
       const done = shareStdio({ command: command[0], args: command.slice(1), stdin, stdout });
       const answer = () => new Promise((resolve) => stdout.once('data', (line) => resolve(JSON.parse(line))));
       stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}\\n');
       await answer();
       stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { arguments: { say } } }) + '\\n');
       const { result } = await answer();
       stdin.end();
       return { say: result.say, pid: result.pid, end: (await done).kind };
     }
     console.log(JSON.stringify(await Promise.all([session('a'), session('b')])));`,
  );
  const { stdout, stderr } = await box.exec(process.execPath, [script]);
  expect(stderr).toBe('');
  const [pid] = share.pids();
  expect(JSON.parse(stdout.toString())).toEqual([
    { say: 'a', pid, end: 'host-ended' },
    { say: 'b', pid, end: 'host-ended' },
  ]);
});
