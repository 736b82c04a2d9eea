/** Callers wait for a daemon that works on another call, and are not told that it hangs. */

import { expect, it } from 'vitest';
import { CALL_TOTAL_MS } from '../../../src/domain/lock/timing.js';
import { buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { type Ended, eventually, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const BUSY_MS = CALL_TOTAL_MS + 3_000;
const SERVICE = `
import { execSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
export default ({ args: [act, ledger], stdout }) => {
  if (act !== 'quick') appendFileSync(ledger, act);
  const end = Date.now() + ${BUSY_MS};
  if (act === 'compute') while (Date.now() < end);
  if (act === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${BUSY_MS});
  if (act === 'child') execSync('sleep ${BUSY_MS / 1_000}');
  stdout.write(act);
};
`;

const CLIENTS = { node: [process.execPath, SOLOD], native: [CLIENT] };

async function callWhileBusy(box: Sandbox, act: string, client: readonly string[]): Promise<Ended> {
  const service = box.service(SERVICE);
  expect((await box.run(['call', service, '--', 'quick'])).code).toBe(0);
  const ledger = `${box.path}/ledger`;
  const busy = box.run(['call', service, '--', act, ledger]);
  const { existsSync } = process.getBuiltinModule('node:fs');
  await eventually('the call runs', () => existsSync(ledger));
  const [program = '', ...args] = client;
  const waited = await box.exec(program, [...args, 'call', service, '--', 'quick']);
  expect((await busy).code).toBe(0);
  return waited;
}

it.each(['compute', 'child', 'sleep'])('that is busy for longer than a call waits: %s', async (act) => {
  const { code, stdout, stderr } = await callWhileBusy(sandbox(), act, CLIENTS.node);
  expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 0, stdout: 'quick', stderr: '' });
});

it.runIf(hasCargo).each(['compute', 'sleep'])('also by the native client: %s', async (act) => {
  buildClient();
  const { code, stdout, stderr } = await callWhileBusy(sandbox(), act, CLIENTS.native);
  expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 0, stdout: 'quick', stderr: '' });
});
