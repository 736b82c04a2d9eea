/** `bin/solod`, a program for sh(1) and for Node, in the layouts of the installers. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCode } from '../../../src/app/manual/explain.js';
import { has, ROOT, type Sandbox, sandbox } from '../support/sandbox.js';

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
const KIND: Readonly<Record<string, string>> = { x64: 'linux-x64', arm64: 'linux-arm64' };
const HERE = KIND[process.arch] ?? 'linux-x64';
const ELSEWHERE = HERE === 'linux-x64' ? 'linux-arm64' : 'linux-x64';

/** Stands for the native client: says that it was asked, and for what. */
const CLIENT = '#!/bin/sh\necho native; for word; do echo "$word"; done; exit 7\n';

function putFile(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o755 });
}

const putClient = (scope: string, kind = HERE): void =>
  putFile(path.join(scope, `@solod/client-${kind}/bin/solod-client`), CLIENT);

function putSolod(folder: string): void {
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
}

function link(target: string, at: string): void {
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(target, at);
}

const whereIs = (tool: string): string =>
  spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();

interface Layout {
  readonly name: string;
  /** @returns what a user runs */
  readonly put: (base: string, client: 'with' | 'without') => string;
}

/** Where each installer puts the two packages, and what it puts on the PATH. */
const LAYOUTS: readonly Layout[] = [
  {
    name: 'npm, bun and yarn: a link in the folder of commands',
    put: (base, client) => {
      putSolod(`${base}/node_modules/solod`);
      if (client === 'with') putClient(`${base}/node_modules`);
      link('../solod/bin/solod', `${base}/node_modules/.bin/solod`);
      return `${base}/node_modules/.bin/solod`;
    },
  },
  {
    name: 'npm, by its own path',
    put: (base, client) => {
      putSolod(`${base}/node_modules/solod`);
      if (client === 'with') putClient(`${base}/node_modules`);
      return `${base}/node_modules/solod/bin/solod`;
    },
  },
  {
    name: 'npm, globally',
    put: (base, client) => {
      const solod = `${base}/lib/node_modules/solod`;
      putSolod(solod);
      if (client === 'with') putClient(`${solod}/node_modules`);
      link('../lib/node_modules/solod/bin/solod', `${base}/bin/solod`);
      return `${base}/bin/solod`;
    },
  },
  {
    name: 'npm, where another package needs another release',
    put: (base, client) => {
      const solod = `${base}/node_modules/tool/node_modules/solod`;
      putSolod(solod);
      if (client === 'with') putClient(`${solod}/node_modules`);
      link('../solod/bin/solod', `${base}/node_modules/tool/node_modules/.bin/solod`);
      return `${base}/node_modules/tool/node_modules/.bin/solod`;
    },
  },
  {
    name: 'pnpm: a script that runs it with sh, and links between packages',
    put: (base, client) => {
      const store = `${base}/node_modules/.pnpm`;
      const real = `${store}/solod@1/node_modules`;
      putSolod(`${real}/solod`);
      if (client === 'with') {
        putClient(`${store}/@solod+client@1/node_modules`);
        link(`../../../@solod+client@1/node_modules/@solod/client-${HERE}`, `${real}/@solod/client-${HERE}`);
      }
      link('.pnpm/solod@1/node_modules/solod', `${base}/node_modules/solod`);
      const shim = `${base}/node_modules/.bin/solod`;
      putFile(shim, '#!/bin/sh\nbasedir=$(dirname "$0")\nexec sh "$basedir/../solod/bin/solod" "$@"\n');
      return shim;
    },
  },
  {
    name: 'bun, isolated: links only',
    put: (base, client) => {
      const real = `${base}/node_modules/.bun/solod@1/node_modules`;
      putSolod(`${real}/solod`);
      if (client === 'with') putClient(real);
      link('.bun/solod@1/node_modules/solod', `${base}/node_modules/solod`);
      link('../solod/bin/solod', `${base}/node_modules/.bin/solod`);
      return `${base}/node_modules/.bin/solod`;
    },
  },
  {
    name: 'a link that somebody made by hand',
    put: (base, client) => {
      putSolod(`${base}/node_modules/solod`);
      if (client === 'with') putClient(`${base}/node_modules`);
      link(`${base}/node_modules/solod/bin/solod`, `${base}/tools/solod`);
      return `${base}/tools/solod`;
    },
  },
  {
    name: 'a checkout that has built it',
    put: (base, client) => {
      putSolod(`${base}/solod`);
      if (client === 'with') putFile(`${base}/solod/native/target/release/solod-client`, CLIENT);
      return `${base}/solod/bin/solod`;
    },
  },
];

const SHELLS = ['dash', 'bash'].filter(has);
const WORDS = ['call', 'a b', '', '*', "it's", 'a\nb', '--x=$HOME'];

function run(box: Sandbox, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(program, args, {
    cwd: box.path,
    env: { ...box.env, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
}

/** The same command as users run it. */
function waysOf(box: Sandbox, program: string): readonly (readonly [string, readonly string[]])[] {
  const relative = path.relative(box.path, program);
  const shells = ['dash', 'bash', 'busybox'].filter(has);
  const byName = ['-c', 'PATH="$0:$PATH"; exec solod "$@"', path.dirname(program)];
  return [
    [program, []],
    [`./${relative}`, []],
    ['sh', byName],
    ...shells.map((shell) => [shell, shell === 'busybox' ? ['sh', program] : [program]] as const),
  ];
}

describe.skipIf(process.platform !== 'linux')('the command, a program for sh and for Node', () => {
  it.each(LAYOUTS)('becomes the native client: $name', ({ put }) => {
    const box = sandbox();
    const program = put(box.path, 'with');
    for (const [way, before] of waysOf(box, program)) {
      const { status, stdout, stderr } = run(box, way, [...before, ...WORDS]);
      expect({ way, status, stdout, stderr }).toEqual({
        way,
        status: 7,
        stdout: `${['native', ...WORDS].join('\n')}\n`,
        stderr: '',
      });
    }
  });

  it.each(LAYOUTS)('is run by Node where there is no native client: $name', ({ put }) => {
    const box = sandbox();
    const program = put(box.path, 'without');
    for (const [way, before] of [...waysOf(box, program)]) {
      const { status, stdout, stderr } = run(box, way, [...before, '--version']);
      expect({ way, status, stdout, stderr }).toEqual({ way, status: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  it.each(['-x', '--', "it's $HOME `x`", 'a\nb'])(
    'runs in a folder called %j, by its relative name',
    (name) => {
      const box = sandbox();
      for (const client of ['without', 'with'] as const) {
        LAYOUTS[0]?.put(path.join(box.path, client, name), client);
        for (const shell of SHELLS)
          for (const program of ['.bin/solod', 'solod/bin/solod']) {
            const { status, stdout, stderr } = spawnSync(
              shell,
              ['--', `${name}/node_modules/${program}`, '--version'],
              { cwd: path.join(box.path, client), env: box.env, encoding: 'utf8' },
            );
            const expected = client === 'with' ? [7, 'native\n--version\n', ''] : [0, `${version}\n`, ''];
            expect([shell, program, status, stdout, stderr]).toEqual([shell, program, ...expected]);
          }
      }
    },
  );

  it('passes all words, streams and the exit code on to Node', async () => {
    const box = sandbox();
    const program = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    const service = box.service();
    const args = ['call', service, '--', ...WORDS, '--stdin', '--exit=9'];
    const { code, stdout } = await box.exec(program, args, { input: 'read' });
    expect(code).toBe(9);
    expect(JSON.parse(stdout.toString())).toMatchObject({ args: args.slice(3), read: 'read' });
  });

  it('passes by a client for another processor, one that is not executable, and a folder of its name', () => {
    const box = sandbox();
    const program = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    const modules = path.join(box.path, 'node_modules');
    putClient(modules, ELSEWHERE);
    expect(run(box, program, ['--version']).stdout).toBe(`${version}\n`);
    const own = path.join(modules, `@solod/client-${HERE}/bin/solod-client`);
    mkdirSync(own, { recursive: true });
    expect(run(box, program, ['--version']).stdout).toBe(`${version}\n`);
    rmSync(own, { recursive: true });
    writeFileSync(own, CLIENT);
    chmodSync(own, 0o644);
    expect(run(box, program, ['--version']).stdout).toBe(`${version}\n`);
    chmodSync(own, 0o755);
    expect(run(box, program, []).stdout).toBe('native\n');
  });

  it('never runs a client that lies beside a link, or above a package that is in no folder of modules', () => {
    const box = sandbox();
    putSolod(`${box.path}/home/solod`);
    for (const scope of ['', 'home', 'home/tools', 'home/tools/solod/node_modules', 'home/lib/node_modules'])
      putClient(path.join(box.path, scope));
    link(`${box.path}/home/solod/bin/solod`, `${box.path}/home/tools/solod/bin/solod`);
    link(`${box.path}/home/solod/bin/solod`, `${box.path}/home/bin/solod`);
    link(`${box.path}/home/solod/bin/solod`, `${box.path}/home/node_modules/.bin/solod`);
    for (const program of [
      'solod/bin/solod',
      'tools/solod/bin/solod',
      'bin/solod',
      'node_modules/.bin/solod',
    ])
      expect(run(box, path.join(box.path, 'home', program), ['--version']).stdout).toBe(`${version}\n`);
  });

  it('says what it looked for where there is neither', () => {
    const box = sandbox();
    const program = LAYOUTS[1]?.put(box.path, 'without') ?? '';
    const { status, stderr } = run(box, program, ['ls'], { PATH: '/nonexistent' });
    expect([status, stderr]).toEqual([
      71,
      'solod: Node was looked for in PATH (/nonexistent); install Node 20.19 or newer, or put its directory on the PATH [SOLOD_E_NOT_EXECUTED]\n',
    ]);
  });

  it('is not what lies beside the folder of a copy of it', () => {
    const box = sandbox();
    const copy = path.join(box.path, 'tools/solod');
    putFile(copy, readFileSync(path.join(ROOT, 'bin/solod'), 'utf8'));
    putFile(path.join(box.path, 'todist/solod.cjs'), "console.log('planted')");
    putFile(path.join(box.path, 'toolsdist/solod.cjs'), "console.log('planted')");
    const { status, stdout, stderr } = run(box, copy, ['ls']);
    const missing = path.join(box.path, 'dist/solod.cjs');
    expect([status, stdout, stderr]).toEqual([
      71,
      '',
      expect.stringContaining(`solod: ${missing} was looked`),
    ]);
  });

  it.each(['.', '..', 'bin', 'bin/solod', 'dist', 'dist/solod.cjs', 'dist/command.cjs'])(
    'runs nothing of a package where others can write to %s, by Node as by the client',
    (what) => {
      const box = sandbox();
      const program = LAYOUTS[0]?.put(box.path, 'without') ?? '';
      const at = path.join(box.path, 'node_modules/solod', what);
      chmodSync(at, 0o777);
      const { status, stderr } = run(box, program, ['ls']);
      expect([status, stderr]).toEqual([
        71,
        expect.stringContaining(`others can write to ${at} (chmod go-w)`),
      ]);
      chmodSync(at, 0o755);
      expect(run(box, program, ['ls', '--json']).stdout).toBe('[]\n');
    },
  );

  it('runs nothing beside a copy of it in a folder where everybody may leave files', () => {
    const box = sandbox();
    putFile(path.join(box.path, 'all/bin/solod'), readFileSync(path.join(ROOT, 'bin/solod'), 'utf8'));
    putClient(path.join(box.path, 'all/node_modules'));
    putFile(path.join(box.path, 'all/native/target/release/solod-client'), CLIENT);
    putFile(path.join(box.path, 'all/dist/solod.cjs'), "console.log('planted')");
    chmodSync(path.join(box.path, 'all'), 0o1777);
    const { status, stdout, stderr } = run(box, path.join(box.path, 'all/bin/solod'), ['ls']);
    expect([status, stdout, stderr]).toEqual([71, '', expect.stringMatching(/others can write to/)]);
  });

  it('never runs a node of a relative folder of the PATH', () => {
    const box = sandbox();
    const program = LAYOUTS[1]?.put(box.path, 'without') ?? '';
    putFile(path.join(box.path, 'node'), '#!/bin/sh\necho planted\n');
    for (const before of ['.', '', '../' + path.basename(box.path)]) {
      const { stdout } = run(box, program, ['--version'], { PATH: `${before}:${process.env.PATH}` });
      expect(stdout).toBe(`${version}\n`);
    }
  });

  /** Programs that the system does not execute. */
  const REFUSED: readonly [string, string][] = [
    ['for another processor, or broken', '\x7fELFbroken'],
    ['of an interpreter that is not there', '#!/no/such/interpreter\n'],
  ];

  it.each(REFUSED)('says of a node that is %s that it can not be executed', (_, text) => {
    const box = sandbox();
    const program = LAYOUTS[1]?.put(box.path, 'without') ?? '';
    const node = path.join(box.path, 'broken/node');
    putFile(node, text);
    for (const shell of SHELLS) {
      const { status, stdout, stderr } = run(box, shell, [program, 'ls'], {
        PATH: `${path.dirname(node)}:/usr/bin:/bin`,
      });
      expect([status, stdout, stderr]).toEqual([
        71,
        '',
        expect.stringContaining(
          `\nsolod: ${node} can't be executed; put another Node, 20.19 or newer, first in PATH [`,
        ),
      ]);
    }
  });

  it.each([...REFUSED, ['empty', ''] as const])('is run by Node where the native client is %s', (_, text) => {
    const box = sandbox();
    const program = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    putFile(path.join(box.path, `node_modules/@solod/client-${HERE}/bin/solod-client`), text);
    const service = box.service();
    for (const shell of SHELLS) {
      const { status, stdout } = run(box, shell, [program, 'call', service, '--', ...WORDS, '--exit=9']);
      expect([shell, status, JSON.parse(stdout)]).toEqual([
        shell,
        9,
        expect.objectContaining({ args: [...WORDS, '--exit=9'] }),
      ]);
    }
    const doctor = run(box, 'dash', [program, 'doctor']);
    expect([doctor.status, doctor.stdout]).toEqual([
      0,
      expect.stringMatching(/native client can't be used \(/),
    ]);
  });

  it.each(['daemon.cjs', 'serve.cjs', 'serving.cjs', 'worker-pool.cjs', 'worker.cjs'])(
    'says of a daemon in one sentence that %s is missing',
    (bundle) => {
      const box = sandbox();
      const command = LAYOUTS[0]?.put(box.path, 'without') ?? '';
      const missing = path.join(box.path, 'node_modules/solod/dist', bundle);
      rmSync(missing);
      const { status, stderr } = run(box, command, ['call', '--workers=2', box.service()]);
      expect([status, stderr]).toEqual([
        bundle === 'daemon.cjs' ? 71 : 70,
        expect.stringContaining(
          `solod: ${missing} was looked for, and is not there; install solod again (npm install solod) [SOLOD_E_NOT_EXECUTED]`,
        ),
      ]);
      expect(stderr).not.toMatch(/ at |node:/);
    },
  );

  it.each(['handed-start.cjs', 'program-claim.cjs'])('names %s if a program needs it', (bundle) => {
    const box = sandbox();
    const command = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    const missing = path.join(box.path, 'node_modules/solod/dist', bundle);
    rmSync(missing);
    const { status, stderr } = run(box, command, ['connect', '--name=p', '--', 'cat']);
    expect([status, stderr]).toEqual([71, expect.stringContaining(missing)]);
    expect(stderr).not.toMatch(/ at |node:/);
  });

  it('says of a Node that is too old what it is', () => {
    const box = sandbox();
    const command = LAYOUTS[1]?.put(box.path, 'without') ?? '';
    const old = path.join(box.path, 'old.cjs');
    writeFileSync(
      old,
      'delete process.getBuiltinModule; Object.defineProperty(process.versions, "node", { value: "18.0.0" });',
    );
    for (const program of [command, path.join(box.path, 'node_modules/solod/dist/daemon.cjs')]) {
      const { status, stderr } = run(box, process.execPath, ['--require', old, program, 'ls']);
      expect([status, stderr]).toEqual([
        71,
        `solod: ${process.execPath} is Node 18.0.0, which is too old; put Node 20.19 or newer first in PATH [SOLOD_E_NOT_EXECUTED]\n`,
      ]);
    }
  });

  it.each([
    ['solod.cjs', 'ls'],
    ['call-and-kick.cjs', 'kick'],
    ['command.cjs', 'ls'],
    ['signals.cjs', '--help'],
    ['serve.cjs', 'serve'],
  ])('says in one sentence that %s is missing: %s', (bundle, word) => {
    const box = sandbox();
    const command = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    const missing = path.join(box.path, 'node_modules/solod/dist', bundle);
    rmSync(missing);
    const { status, stderr } = spawnSync(command, [word, box.service()], { env: box.env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      71,
      `solod: ${missing} was looked for, and is not there; install solod again (npm install solod) [SOLOD_E_NOT_EXECUTED]\n`,
    ]);
  });

  it("leaves a service's own missing modules to Node", () => {
    const box = sandbox();
    const command = LAYOUTS[0]?.put(box.path, 'without') ?? '';
    const service = box.service("export default async () => void (await import('no-such-package'));");
    const args = ['call', '--no-daemon', service];
    const { status, stderr } = spawnSync(command, args, { env: box.env, encoding: 'utf8' });
    expect(status).not.toBe(71);
    expect(stderr).toMatch(/no-such-package/);
  });

  it('says what leads back to it in the place of Node', () => {
    const box = sandbox();
    const program = LAYOUTS[1]?.put(box.path, 'without') ?? '';
    const tools = path.join(box.path, 'tools-only');
    for (const tool of ['sh', 'readlink', 'uname']) link(whereIs(tool), path.join(tools, tool));
    link(program, path.join(tools, 'node'));
    const { status, stderr } = run(box, program, ['ls'], { PATH: tools });
    expect([status, stderr]).toEqual([
      71,
      `solod: what is called "node" in PATH (${tools}) leads back to solod; put Node 20.19 or newer first in PATH [SOLOD_E_NOT_EXECUTED]\n`,
    ]);
  });

  it('has a page for the code of each of its messages', () => {
    const messages =
      readFileSync(path.join(ROOT, 'bin/solod'), 'utf8').match(/(?<=echo ").*(?=" >&2)/g) ?? [];
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) {
      const [, code = ''] = / \[(SOLOD_E_[A-Z_]+)\]$/.exec(message) ?? [];
      expect([message, findCode(code)]).toEqual([message, code]);
    }
  });

  it('starts no process on its way to the native client', () => {
    const box = sandbox();
    const program = LAYOUTS[0]?.put(box.path, 'with') ?? '';
    const { stdout } = run(box, 'sh', ['-c', '"$0" >/dev/null; PATH= "$0"', program]);
    expect(stdout).toBe('native\n');
  });
});
