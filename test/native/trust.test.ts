/** The native client executes only what nobody else could have put there, and says what it missed. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { launchText } from '../../src/adapters/node/files/launch-file.js';
import { eventually, isRoot, ROOT, type Sandbox, sandbox } from '../process/support/sandbox.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from './client.js';

/** Long enough for any program here; a loop would go on for ever. */
const LOOP_MS = 20_000;
const NOBODY = 65_534;

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(box: Sandbox, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Said {
  return spawnSync(program, args, {
    cwd: box.path,
    env: { ...box.env, ...env },
    encoding: 'utf8',
    timeout: LOOP_MS,
  });
}

/** A folder for a PATH with that program in it. */
function onPath(box: Sandbox, name: string, text: string): string {
  const folder = path.join(box.path, 'path');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(path.join(folder, name), text, { mode: 0o755 });
  return folder;
}

const MARK = 'mark';
/** Says that it ran, which it must not. */
const planted = (box: Sandbox): string =>
  `require('node:fs').writeFileSync('${path.join(box.path, MARK)}', '')`;
const hasRun = (box: Sandbox): boolean => existsSync(path.join(box.path, MARK));

/** The packages as npm lays them out; the client is the first part of the path that is given. */
function installed(box: Sandbox): { readonly client: string; readonly solod: string } {
  const modules = path.join(box.path, 'node_modules');
  const solod = path.join(modules, 'solod');
  for (const part of ['bin', 'dist'])
    cpSync(path.join(ROOT, part), path.join(solod, part), { recursive: true });
  const bin = path.join(modules, `@solod/client-linux-${process.arch}/bin`);
  mkdirSync(bin, { recursive: true });
  const client = path.join(bin, 'solod-client');
  copyFileSync(CLIENT, client);
  return { client, solod };
}

describe.skipIf(!hasCargo)(`what the native client executes${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it('is the package that it was installed with', () => {
    const box = sandbox();
    const { client } = installed(box);
    const { status, stdout, stderr } = run(box, client, ['ls', '--json']);
    expect([status, stdout, stderr]).toEqual([0, '[]\n', '']);
  });

  it.each(['bin/dist', 'dist', 'solod/dist', 'bin/solod/dist'])(
    'is never a bundle found in %s above',
    (where) => {
      const box = sandbox();
      const client = path.join(box.path, 'bin/solod-client');
      mkdirSync(path.dirname(client));
      copyFileSync(CLIENT, client);
      mkdirSync(path.join(box.path, where), { recursive: true });
      for (const name of ['solod.cjs', 'status-line.cjs'])
        writeFileSync(path.join(box.path, where, name), planted(box));
      for (const args of [['ls'], ['call', '--help'], ['call', 'solod:status-line']]) {
        const { status, stderr } = run(box, client, args);
        expect([status, stderr]).toEqual([
          71,
          expect.stringMatching(/lies neither in a package .*npm install solod/),
        ]);
      }
      expect(hasRun(box)).toBe(false);
    },
  );

  const OPENED: readonly [string, string][] = [
    ['bundle', 'dist/command.cjs'],
    ['folder of bundles', 'dist'],
    ['package', '.'],
    ['folder of packages', '..'],
    ['command', 'bin/solod'],
  ];

  it.each(OPENED)('is not in a %s that others can write to', (_, what) => {
    const box = sandbox();
    const { client, solod } = installed(box);
    const at = path.join(solod, what);
    chmodSync(at, 0o777);
    writeFileSync(path.join(solod, 'dist/command.cjs'), planted(box));
    const { status, stderr } = run(box, client, ['ls']);
    expect([status, stderr]).toEqual([71, expect.stringContaining(`others can write to ${at} (chmod go-w)`)]);
    expect(hasRun(box)).toBe(false);
  });

  it.each(['bin/solod', 'dist/solod.cjs', 'dist'])('is not a package without %s, which is named', (what) => {
    const box = sandbox();
    const { client, solod } = installed(box);
    rmSync(path.join(solod, what), { recursive: true });
    const { status, stderr } = run(box, client, ['ls']);
    const missing = path.join(solod, what === 'dist' ? 'dist/solod.cjs' : what);
    expect([status, stderr]).toEqual([
      71,
      expect.stringMatching(`^solod: [^\n]*: ${missing} is not there; install solod again [^\n]*\n$`),
    ]);
  });

  it.skipIf(!isRoot).each(OPENED)(
    `is not in a %s of another user${isRoot ? '' : ' (skipped: not root)'}`,
    (_, what) => {
      const box = sandbox();
      const { client, solod } = installed(box);
      const at = path.join(solod, what);
      chownSync(at, NOBODY, NOBODY);
      const { status, stderr } = run(box, client, ['ls']);
      expect([status, stderr]).toEqual([71, expect.stringContaining(`${at} belongs to another user`)]);
    },
  );

  it.skipIf(!isRoot)(
    `may be of the owner of the client itself${isRoot ? '' : ' (skipped: not root)'}`,
    () => {
      const box = sandbox();
      const { client } = installed(box);
      spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, path.join(box.path, 'node_modules')]);
      expect(run(box, client, ['ls', '--json']).stdout).toBe('[]\n');
    },
  );

  it('is not what a launch file names that is planted, foreign or open to others', () => {
    const box = sandbox();
    const service = box.service();
    const open = path.join(box.path, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const trap = path.join(open, 'node');
    writeFileSync(trap, `#!/bin/sh\ntouch ${path.join(box.path, MARK)}\n`, { mode: 0o755 });
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const [, ...rest] = readFileSync(launch, 'utf8').split('\0').slice(0, -1);
    for (const command of [
      [trap, ...rest],
      [process.execPath, path.join(open, 'daemon.cjs'), ...rest.slice(1)],
      ['node', ...rest],
    ]) {
      writeFileSync(path.join(open, 'daemon.cjs'), planted(box));
      writeFileSync(launch, launchText(command));
      expect(run(box, CLIENT, ['call', service]).status).toBe(0);
      expect(run(box, CLIENT, ['stop', service]).status).toBe(0);
    }
    expect(hasRun(box)).toBe(false);
  });

  it('is not what a launch file says that others can write to', () => {
    const box = sandbox();
    const service = box.service();
    const trap = onPath(box, 'trap', `#!/bin/sh\ntouch ${path.join(box.path, MARK)}\n`);
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const [, ...rest] = readFileSync(launch, 'utf8').split('\0').slice(0, -1);
    writeFileSync(launch, launchText([path.join(trap, 'trap'), ...rest]));
    chmodSync(launch, 0o666);
    expect(run(box, CLIENT, ['call', service]).status).toBe(0);
    expect(hasRun(box)).toBe(false);
  });

  it('is not a node in a folder of the PATH that others can write to, nor one named by a relative folder', () => {
    const box = sandbox();
    const { client } = installed(box);
    const folder = onPath(box, 'node', `#!/bin/sh\ntouch ${path.join(box.path, MARK)}\n`);
    chmodSync(folder, 0o777);
    const named = run(box, client, ['ls'], { PATH: folder });
    expect([named.status, named.stderr]).toEqual([
      71,
      expect.stringContaining(`others can write to ${folder}`),
    ]);
    chmodSync(folder, 0o755);
    const relative = run(box, client, ['ls'], { PATH: 'path:' });
    expect([relative.status, relative.stderr]).toEqual([71, expect.stringContaining('PATH (path:)')]);
    expect(hasRun(box)).toBe(false);
  });
});

describe.skipIf(!hasCargo)(`a client that leads back to itself${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it.each(['ls', 'call', 'share', '--help'])(
    'ends where it is called solod and has no package: %s',
    (word) => {
      const box = sandbox();
      const folder = onPath(box, 'other', '');
      copyFileSync(CLIENT, path.join(folder, 'solod'));
      const { status, stderr } = run(box, 'solod', [word], { PATH: `${folder}:${process.env.PATH}` });
      expect([status, stderr]).toEqual([71, expect.stringMatching(/^solod: this takes .*npm install solod/)]);
    },
  );

  const LOOPS: readonly [string, (client: string) => string][] = [
    ['is the client', (client) => client],
    ['becomes solod', () => '#!/bin/sh\nexec solod "$@"\n'],
    ['runs solod', () => '#!/bin/sh\nsolod "$@"\n'],
  ];

  it.each(LOOPS)('ends where what is called node %s', (_, text) => {
    const box = sandbox();
    const { client, solod } = installed(box);
    const folder = onPath(box, 'node', '');
    rmSync(path.join(folder, 'node'));
    if (text(client) === client) copyFileSync(client, path.join(folder, 'node'));
    else writeFileSync(path.join(folder, 'node'), text(client), { mode: 0o755 });
    symlinkSync(path.join(solod, 'bin/solod'), path.join(folder, 'solod'));
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    for (const program of [client, path.join(folder, 'solod')]) {
      const { status, stderr } = run(box, program, ['ls'], env);
      expect([status, stderr]).toEqual([
        71,
        expect.stringContaining('put Node 20.19 or newer first in PATH'),
      ]);
    }
    rmSync(path.join(box.path, 'node_modules/@solod'), { recursive: true });
    const without = run(box, path.join(folder, 'solod'), ['ls'], env);
    if (text(client) !== client) expect(without.status).toBe(71);
  });

  it('leaves no mark for what Node starts', () => {
    const box = sandbox();
    const { client } = installed(box);
    const service = box.service(
      'export default ({ stdout, env }) => void stdout.write(String(env.SOLOD_HANDED_OVER));',
    );
    const { stdout } = run(box, client, ['call', '--no-daemon', service]);
    expect(stdout).toBe('undefined');
  });
});

describe.skipIf(!hasCargo)(`a node that the system does not execute${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it.each([
    ['without a first line', (mark: string) => `touch ${mark}\n`],
    ['empty', () => ''],
    ['of another processor', () => '\x7fELF broken'],
  ])('is never given to a shell: one that is %s', (_, text) => {
    const box = sandbox();
    const { client } = installed(box);
    const folder = onPath(box, 'node', text(path.join(box.path, MARK)));
    const { status, stdout, stderr } = run(box, client, ['ls'], { PATH: `${folder}:/usr/bin:/bin` });
    const said = `solod: ${folder}/node can't be run: Exec format error (os error 8); put another Node first in PATH [SOLOD_E_NOT_EXECUTED]\n`;
    expect([status, stdout, stderr]).toEqual([71, '', said]);
    expect(hasRun(box)).toBe(false);
  });

  it('leaves a name that the next call can have', () => {
    const box = sandbox();
    const { client } = installed(box);
    const folder = onPath(box, 'node', '\x7fELF broken');
    const service = box.service();
    box.leaveRecord();
    for (const command of ['call', 'serve']) {
      const refused = run(box, client, [command, service], { PATH: `${folder}:/usr/bin:/bin` });
      expect([command, refused.stderr]).toEqual([
        command,
        expect.stringContaining(`${folder}/node can't be run`),
      ]);
      expect(run(box, client, ['call', service]).status).toBe(0);
      expect(run(box, client, ['stop', service]).status).toBe(0);
      rmSync(path.join(box.place(), 'launch'));
    }
  });
});

describe.skipIf(!hasCargo)(`without Node in the PATH${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);
  const EMPTY = { PATH: '/nonexistent' };

  it('a failure says what was looked for, where, and what to do', () => {
    const box = sandbox();
    const { client } = installed(box);
    for (const args of [['ls'], ['call', box.service()], ['kick', box.service()]]) {
      const { status, stderr } = run(box, client, args, EMPTY);
      expect(status).toBe(71);
      expect(stderr).toMatch(/"node" was looked for in PATH \(\/nonexistent\); install Node 20\.19 or newer/);
    }
  });

  it('and without a PATH it is looked for where a shell would', () => {
    const box = sandbox();
    const { client } = installed(box);
    const { status, stderr } = run(box, 'env', ['-u', 'PATH', client, 'ls', '--json']);
    if (status !== 0) expect(stderr).toMatch(/PATH \(\/usr\/local\/bin:\/usr\/bin:\/bin\)/);
  });

  it('a name is started by the Node that install wrote down', () => {
    const box = sandbox();
    const { client } = installed(box);
    const service = box.service();
    const runtime = `--runtime=${process.execPath}`;
    const { status, stderr } = run(box, client, [runtime, 'call', service, '--', 'x'], EMPTY);
    expect([status, stderr]).toEqual([0, '']);
    expect(run(box, client, [runtime, 'stop', service], EMPTY).status).toBe(0);
  });

  it('a name that has served is started by its launch file', async () => {
    const box = sandbox();
    const { client } = installed(box);
    const service = box.service();
    expect(run(box, client, ['call', service]).status).toBe(0);
    for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
    await eventually('it has ended', () => box.daemons().length === 0);
    expect(run(box, client, ['call', service], EMPTY).status).toBe(0);
    expect(run(box, client, ['status', service], EMPTY).stderr).toMatch(/"node" was looked for/);
  });

  it('a fallback that is not there is named', () => {
    const box = sandbox();
    const args = ['call', box.service(), '--no-daemon', '--fallback', 'command', '--', 'no-such-program'];
    box.leaveLaunchFile(box.service());
    const { status, stderr } = run(
      box,
      CLIENT,
      args.filter((arg) => arg !== '--no-daemon'),
    );
    expect([status, stderr]).toEqual([
      71,
      expect.stringMatching(/the fallback no-such-program can't be run: .*PATH/),
    ]);
  });
});

describe.skipIf(!hasCargo)(`a launch file${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  /** A Node that ends, as one too old for a service would. */
  const wrongNode = (box: Sandbox): string => path.join(onPath(box, 'wrong', '#!/bin/sh\nexit 3\n'), 'wrong');

  it.each(['call', 'kick'])('is not left by a daemon that was never ready: %s', async (command) => {
    const box = sandbox();
    const service = box.service();
    const node = wrongNode(box);
    await box.run([command, '--node', node, service]);
    await eventually('the start is over', () => box.daemons().length === 0);
    expect(existsSync(path.join(box.place(), 'launch'))).toBe(false);
    expect(run(box, CLIENT, ['call', service]).status).toBe(0);
    expect(readFileSync(path.join(box.place(), 'launch'), 'utf8')).toMatch(/^\/[^\0]*node\0/);
  });

  it("is not left by a service that can't be loaded", async () => {
    const box = sandbox();
    const service = box.service("throw new Error('no');");
    await box.run(['call', service]);
    await eventually('the start is over', () => box.daemons().length === 0);
    expect(existsSync(path.join(box.place(), 'launch'))).toBe(false);
  });

  it.each(['call', 'kick'])('with a wrong Node is removed by its failure: %s', async (command) => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const [, ...rest] = readFileSync(launch, 'utf8').split('\0').slice(0, -1);
    writeFileSync(launch, launchText([wrongNode(box), ...rest]));
    expect(run(box, CLIENT, [command, service]).status).toBe(command === 'call' ? 70 : 0);
    const ledger = path.join(box.place(), 'spawns.jsonl');
    await eventually('the start is over', () => {
      const started = JSON.parse(readFileSync(ledger, 'utf8').split('\n')[0] ?? '') as { pid: number };
      return !existsSync(`/proc/${started.pid}`);
    });
    expect(run(box, CLIENT, ['call', service]).status).toBe(0);
    await eventually('there is one by the right Node', () =>
      readFileSync(launch, 'utf8').startsWith(`${process.execPath}\0`),
    );
  });

  it('stays where there is no other Node', () => {
    const box = sandbox();
    const service = box.service("throw new Error('no');");
    box.leaveLaunchFile(service);
    run(box, CLIENT, ['call', service]);
    expect(existsSync(path.join(box.place(), 'launch'))).toBe(true);
  });
});
