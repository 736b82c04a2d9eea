/**
 * Another user exchanges the state directory while calls are made. None of them may be answered by that user,
 * or hand over what it carries. `npm run attacks` makes 10,000 calls of each.
 */

import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient } from '../../native/client.js';
import { as, CLIENTS, canStage, exec, NOT_STAGED, OTHER, open, PID, said, USER } from '../support/hosts.js';
import { type Ended, type Sandbox, SOLOD } from '../support/sandbox.js';

const CALLS = Number(process.env.SOLOD_ATTACKED_CALLS ?? 60);
/** A cold start takes a hundred times as long as a native call. */
const COLD_CALLS = Math.max(12, Math.ceil(CALLS / 50));
/** So many at once find more of the moments between a look and a use. */
const AT_ONCE = 4;
const LONG_MS = 120_000 + CALLS * 500;
const SECRET = 'what only the daemon may know';

beforeAll(buildClient, BUILD_MS);

interface Attack {
  readonly box: Sandbox;
  /** Where another user may make, and perhaps rename, things. */
  readonly shared: string;
  readonly state: string;
  readonly service: string;
  /** What the other user's listener was sent; a line for each connection. */
  heard(): string;
}

function openTo(mode: number): Attack {
  const { box } = open();
  const shared = path.join(box.path, 'shared');
  mkdirSync(shared);
  chmodSync(shared, mode);
  const heard = path.join(box.path, 'heard');
  writeFileSync(heard, '');
  chmodSync(heard, 0o666);
  const service = box.service(PID);
  return {
    box,
    shared,
    state: path.join(shared, 'state'),
    service,
    heard: () => readFileSync(heard, 'utf8'),
  };
}

function ownState({ state }: Attack): void {
  mkdirSync(state, { mode: 0o700 });
  chownSync(state, USER, USER);
}

/** What listens for the other user, answers as a daemon would, and repeats `swap` for ever. */
const attacker = (swap: string): string => `
  const fs = require('node:fs'), net = require('node:net'), path = require('node:path');
  const [, shared, heard, name] = process.argv;
  const at = (...names) => path.join(shared, ...names);
  const attempt = (act) => { try { act(); } catch {} };
  const evil = path.join(path.dirname(heard), 'listener-' + process.pid);
  const chunk = (type, body) => { const head = Buffer.alloc(5); head.writeUInt32BE(body.length); head.write(type, 4); return Buffer.concat([head, Buffer.from(body)]); };
  const server = net.createServer((socket) => {
    fs.appendFileSync(heard, 'connected\\n');
    socket.on('error', () => {}).on('data', (bytes) => fs.appendFileSync(heard, bytes));
    socket.write(Buffer.concat([chunk('1', 'evil'), chunk('X', '0')]));
  });
  const listening = at('.evil-' + process.pid);
  /** A state directory with a daemon in it, as the other user would have it. */
  const make = (root) => {
    attempt(() => fs.mkdirSync(path.join(root, name, 'current'), { recursive: true, mode: 0o755 }));
    attempt(() => fs.mkdirSync(path.join(root, '.scope')));
    attempt(() => fs.symlinkSync(scope, path.join(root, '.scope', 'of')));
    attempt(() => fs.writeFileSync(path.join(root, name, 'launch'), ''));
    attempt(() => fs.linkSync(listening, path.join(root, name, 'current', 'sock')));
  };
  let scope = process.argv[4];
  server.listen(listening, () => {
    fs.chmodSync(listening, 0o777);
    console.log('ready');
    (function turn() {
      for (let n = 0; n < 20; n++) { ${swap} }
      setImmediate(turn);
    })();
  });`;

async function attackWith(attack: Attack, swap: string): Promise<void> {
  const { box, shared, service } = attack;
  const facts = await said(box, [process.execPath, SOLOD, 'doctor', '--explain-place', '--json']);
  const { scope } = JSON.parse(facts) as { scope: string };
  const name = await nameOf(attack, service);
  const [program = '', ...before] = as(OTHER);
  const heard = path.join(box.path, 'heard');
  const args = [...before, process.execPath, '-e', attacker(swap), shared, heard, name, scope];
  const started = box.spawn(program, args);
  await new Promise((resolve) => started.stdout?.once('data', resolve));
}

/** The directory of the service's name, from a daemon elsewhere. */
async function nameOf({ box }: Attack, service: string): Promise<string> {
  await said(box, [process.execPath, SOLOD, 'call', service]);
  const name = path.basename(box.place());
  await box.run(['stop', '--all']);
  return name;
}

async function calls(
  { box, state, service }: Attack,
  client: readonly string[],
  count: number,
): Promise<Ended[]> {
  const env = { SOLOD_DIR: state, HOME: '/', SECRET };
  const command = [...as(USER), ...client, 'call', '--timeout=20s', service];
  const ended: Ended[] = [];
  const one = async (): Promise<void> => {
    for (let n = 0; n < count / AT_ONCE; n++) ended.push(await exec(box, command, { env }));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return ended;
}

/** What calls may end with: their own daemon's answer, or a refusal that names a directory. */
function expectOwnOrRefused(ended: readonly Ended[], attack: Attack): void {
  for (const { code, stdout, stderr } of ended) {
    if (code === 0) expect(stdout.toString()).toMatch(/^\d+$/);
    else expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(/^solod: [^\n]+\n$/)]);
  }
  expect(attack.heard()).toBe('');
}

describe.skipIf(!canStage).each(CLIENTS)(`another user, %s${NOT_STAGED}`, (_, client) => {
  it(
    'that may rename it, exchanges the state directory all the time: no call goes there',
    async () => {
      const attack = openTo(0o777);
      ownState(attack);
      await attackWith(
        attack,
        `attempt(() => {
          make(at('evil'));
          fs.renameSync(at('state'), at('away'));
          fs.renameSync(at('evil'), at('state'));
          fs.renameSync(at('state'), at('evil'));
          fs.renameSync(at('away'), at('state'));
        });`,
      );
      const ended = await calls(attack, client, CALLS);
      expectOwnOrRefused(ended, attack);
      const refusals = new Set(ended.map(({ code, stderr }) => `${code} ${stderr.split(' is above')[0]}`));
      expect([...refusals]).toEqual([`77 solod: the directory ${attack.shared}`]);
    },
    LONG_MS,
  );

  it(
    'that may not, because of the sticky bit, changes nothing: all calls are answered by one daemon',
    async () => {
      const attack = openTo(0o1777);
      ownState(attack);
      await attackWith(
        attack,
        `attempt(() => { fs.renameSync(at('state'), at('away')); fs.appendFileSync(heard, 'moved'); });`,
      );
      const ended = await calls(attack, client, CALLS);
      expectOwnOrRefused(ended, attack);
      expect(new Set(ended.map(({ stdout }) => stdout.toString())).size).toBe(1);
    },
    LONG_MS,
  );

  it(
    'that is there first, again and again: a call makes its own directory, or is refused',
    async () => {
      const attack = openTo(0o1777);
      await attackWith(
        attack,
        `attempt(() => { if (!fs.existsSync(at('state'))) make(at('state')); else if (fs.statSync(at('state')).uid === process.getuid()) fs.rmSync(at('state'), { recursive: true }); });`,
      );
      const ended: Ended[] = [];
      for (let n = 0; n < COLD_CALLS / AT_ONCE; n++) {
        ended.push(...(await calls(attack, client, AT_ONCE)));
        const { box, state } = attack;
        if (!existsSync(state)) continue;
        await exec(box, [...as(USER), process.execPath, SOLOD, 'stop', '--all'], {
          env: { SOLOD_DIR: state },
        });
        await exec(box, [...as(USER), 'sh', '-c', `rm -rf ${state} 2>/dev/null; true`]);
      }
      expectOwnOrRefused(ended, attack);
    },
    LONG_MS,
  );
});
