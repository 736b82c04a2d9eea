/** State directories on other file systems, as containers have them, and real sudo, su and doas. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BUILD_MS, buildClient } from '../../native/client.js';
import {
  as,
  CLIENTS,
  canStage,
  exec,
  NOBODY_NAMED,
  NOT_STAGED,
  namespace,
  open,
  ownersIn,
  PID,
  said,
  USER,
} from '../support/hosts.js';
import { has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

beforeAll(buildClient, BUILD_MS);

/** Shell commands that mount a file system at a directory, with what it needs below another one. */
type Mounting = (below: string, at: string) => string;

const overlay: Mounting = (below, at) =>
  [
    `mount -t tmpfs none ${below}`,
    `mkdir ${below}/lower ${below}/upper ${below}/work`,
    `mount -t overlay -o lowerdir=${below}/lower,upperdir=${below}/upper,workdir=${below}/work none ${at}`,
    `chmod 700 ${at}`,
  ].join(' && ');

/** In the foreground: what serves it ends with the test. */
const bindfs: Mounting = (below, at) =>
  `chmod 700 ${below}; bindfs -f ${below} ${at} & echo $! >${below}.pid; until mountpoint -q ${at}; do sleep 0.1; done`;

const SYSTEMS: readonly { readonly what: string; readonly mounting: Mounting; readonly isThere: boolean }[] =
  [
    { what: 'tmpfs', mounting: (_, at) => `mount -t tmpfs -o mode=0700 none ${at}`, isThere: canStage },
    { what: 'overlay', mounting: overlay, isThere: mounts(overlay) },
    {
      what: 'a view by bindfs',
      mounting: bindfs,
      isThere: has('bindfs') && mounts((below, at) => `bindfs ${below} ${at} && umount ${at}`),
    },
  ];

/** Whether that can be mounted here: tried in a namespace that ends at once. */
function mounts(mounting: Mounting): boolean {
  if (!canStage) return false;
  const trial = mkdtempSync(path.join(tmpdir(), 'solod-mount-'));
  const [below, at] = [path.join(trial, 'below'), path.join(trial, 'at')];
  mkdirSync(below);
  mkdirSync(at);
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', mounting(below, at)]);
  rmSync(trial, { recursive: true, force: true });
  return tried.status === 0;
}

/** The state directory on that file system, in its own namespace. @returns what runs a command there */
function mounted(box: Sandbox, mounting: Mounting): Promise<string[]> {
  const below = path.join(box.path, 'below');
  mkdirSync(below);
  onTestFinished(() => {
    if (existsSync(`${below}.pid`)) process.kill(Number(readFileSync(`${below}.pid`, 'utf8')), 'SIGKILL');
  });
  return namespace(mounting(below, box.state));
}

for (const { what, mounting, isThere } of SYSTEMS)
  describe.skipIf(!isThere).each(CLIENTS)(
    `a state directory on ${what}, %s${isThere ? '' : ' (skipped: it can’t be mounted here)'}`,
    (_, client) => {
      it('has one daemon for all calls from there, and none for calls from outside', async () => {
        const box = sandbox();
        const service = box.service(PID);
        const before = await mounted(box, mounting);
        const outside = await said(box, [...client, 'call', service]);
        const inside = new Set<string>();
        for (let n = 0; n < 5; n++) {
          inside.add(await said(box, [...before, ...client, 'call', service]));
          expect(await said(box, [...client, 'call', service])).toBe(outside);
        }
        expect(inside.size).toBe(1);
        expect(inside).not.toContain(outside);
        const stopped = await exec(box, [...before, process.execPath, SOLOD, 'stop', '--all']);
        expect([stopped.code, box.daemons().map(String)]).toEqual([0, [outside]]);
      });
    },
  );

/** Two users, root and u, whose homes are in the sandbox. @returns what runs a command there */
function twoUsers(box: Sandbox, home: string): Promise<string[]> {
  const [above, homeOfRoot] = [path.join(box.path, 'etc'), path.join(box.path, 'home-of-root')];
  mkdirSync(homeOfRoot, { mode: 0o700 });
  mkdirSync(above);
  const files: readonly (readonly [string, number, string])[] = [
    ['passwd', 0o644, `root:*:0:0:root:${homeOfRoot}:/bin/sh\nu:*:${USER}:${USER}:u:${home}:/bin/sh\n`],
    ['group', 0o644, `root:x:0:\nu:x:${USER}:\n`],
    [
      'sudoers',
      0o440,
      'Defaults env_reset\nroot ALL=(ALL) NOPASSWD:SETENV: ALL\nu ALL=(ALL) NOPASSWD:SETENV: ALL\n',
    ],
    ['doas.conf', 0o600, 'permit nopass root\npermit nopass u\n'],
  ];
  for (const [name, mode, text] of files) writeFileSync(path.join(above, name), text, { mode });
  const staged = path.join(box.path, 'staged');
  mkdirSync(staged);
  return namespace(
    [
      `mount -t tmpfs none ${staged}`,
      `mkdir ${staged}/upper ${staged}/work`,
      `cp -a ${above}/. ${staged}/upper`,
      `mount -t overlay -o lowerdir=/etc,upperdir=${staged}/upper,workdir=${staged}/work none /etc`,
    ].join(' && '),
  );
}

const asU = as(USER);

/** Who asks, how, and whose daemon answers. */
const WAYS: readonly {
  readonly tool: string;
  readonly from: readonly string[];
  readonly way: readonly string[];
  readonly to: number;
}[] = [
  { tool: 'sudo', from: asU, way: ['sudo'], to: 0 },
  { tool: 'sudo', from: asU, way: ['sudo', '-E'], to: 0 },
  { tool: 'sudo', from: asU, way: ['sudo', '-H'], to: 0 },
  { tool: 'sudo', from: asU, way: ['sudo', '-i'], to: 0 },
  { tool: 'sudo', from: [], way: ['sudo', '-u', 'u'], to: USER },
  { tool: 'sudo', from: [], way: ['sudo', '-E', '-u', 'u'], to: USER },
  { tool: 'sudo', from: [], way: ['sudo', '-i', '-u', 'u'], to: USER },
  { tool: 'su', from: [], way: ['su', 'u', '-c'], to: USER },
  { tool: 'su', from: [], way: ['su', '-m', 'u', '-c'], to: USER },
  { tool: 'su', from: [], way: ['su', '-', 'u', '-c'], to: USER },
  { tool: 'doas', from: asU, way: ['doas'], to: 0 },
  { tool: 'doas', from: [], way: ['doas', '-u', 'u'], to: USER },
  { tool: 'setpriv', from: [], way: as(USER), to: USER },
];
const canBeTwo = mounts(overlay);

describe.skipIf(!canBeTwo).each(CLIENTS)(`sudo, su and doas, %s${NOT_STAGED}`, (_, client) => {
  it('each way leads to the daemon of the user that it leads to, and leaves nothing with the other', async () => {
    const { box, home } = open();
    const before = await twoUsers(box, home);
    const service = box.service(PID);
    const pids = new Map<number, Set<string>>([
      [0, new Set()],
      [USER, new Set()],
    ]);
    for (const { tool, from, way, to } of WAYS.filter(({ tool }) => has(tool))) {
      const env = { ...NOBODY_NAMED, HOME: from === asU ? home : path.join(box.path, 'home-of-root') };
      const command = [...client, 'call', service];
      const asked = tool === 'su' ? [command.join(' ')] : command;
      pids.get(to)?.add(await said(box, [...before, ...from, ...way, ...asked], { env }));
    }
    for (const [user, all] of pids) {
      expect([user, all.size]).toEqual([user, 1]);
      for (const pid of all) expect(statSync(`/proc/${pid}`).uid).toBe(user);
    }
    expect(ownersIn(home)).toEqual(new Set([USER]));
    expect(ownersIn(path.join(box.path, 'home-of-root'))).toEqual(new Set([0]));
    expect(box.daemons()).toHaveLength(2);
    // The user is not locked out.
    const env = { ...NOBODY_NAMED, HOME: home };
    const stopped = await exec(box, [...before, ...asU, process.execPath, SOLOD, 'stop', '--all'], { env });
    expect([stopped.code, stopped.stderr]).toEqual([0, '']);
  });
});
