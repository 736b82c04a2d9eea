/**
 * Installs services as commands on the PATH and in settings files, with whole processes in a separate home.
 */

import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { treeOf } from '../../support/tree.js';
import {
  type Ended,
  eventually,
  has,
  isRoot,
  ROOT,
  type RunOptions,
  type Sandbox,
  sandbox,
} from '../support/sandbox.js';

/** None of these variables may decide a place. */
const HOME_ALONE = { XDG_STATE_HOME: undefined, XDG_BIN_HOME: undefined, XDG_RUNTIME_DIR: undefined };

const bin = (box: Sandbox, ...parts: readonly string[]): string =>
  path.join(box.path, '.local', 'bin', ...parts);

const solod = (box: Sandbox, args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  box.run(args, { ...options, env: { ...HOME_ALONE, ...options.env } });

/** Runs a line as a person types it. */
const typed = (box: Sandbox, line: string, input = ''): Promise<Ended> => {
  const PATH = `${bin(box)}:${process.env.PATH}`;
  return box.exec('sh', ['-c', line], { env: { ...HOME_ALONE, PATH }, input });
};

async function done(ending: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ending;
  expect({ code, stderr: stderr.replace(/^.* is not on the PATH; .*\n/m, '') }).toEqual({
    code: 0,
    stderr: '',
  });
  return stdout.toString();
}

const factsOf = async (ending: Promise<Ended>): Promise<Record<string, unknown>> =>
  JSON.parse(await done(ending));

const SETTINGS = '{\r\n    "theme" : "dark", "list": [ 1,2]\r\n}';

/** @returns its path, from where the command runs */
function settingsIn(box: Sandbox, text = SETTINGS): string {
  mkdirSync(path.join(box.path, '.tool'));
  writeFileSync(path.join(box.path, '.tool', 'settings.json'), text, { mode: 0o640 });
  return '.tool/settings.json';
}

/** Without the files of daemons. */
const treeIn = (box: Sandbox): Record<string, string> =>
  treeOf(box.path, (name) => !name.startsWith('state/'));

interface Client {
  readonly kind: string;
  readonly program: string;
  /** Its path in that sandbox. */
  place(box: Sandbox): string;
}

/** The command without a native client: neither built beside it nor installed with it. */
function copyIn(box: Sandbox): string {
  const place = path.join(box.path, 'package');
  mkdirSync(place);
  cpSync(path.join(ROOT, 'dist'), path.join(place, 'dist'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(place, 'node_modules'));
  return path.join(place, 'dist', 'solod.cjs');
}

const NATIVE: Client = {
  kind: 'the native client',
  program: CLIENT,
  place: () => path.join(ROOT, 'dist/solod.cjs'),
};
const NODE: Client = {
  kind: 'Node, for want of the native client',
  program: process.execPath,
  place: copyIn,
};

beforeAll(buildClient, BUILD_MS);

describe.each([NODE, ...(hasCargo ? [NATIVE] : [])])(`by $kind${LEFT_OUT}`, ({ program, place }) => {
  it('installs the command, which answers, and starts a daemon', async () => {
    const box = sandbox();
    const cli = place(box);
    box.service();
    const run = (...args: string[]) => box.exec(process.execPath, [cli, ...args], { env: HOME_ALONE });
    expect(await factsOf(run('install', 'echo.mjs', '--json'))).toMatchObject({
      kind: 'installed',
      command: bin(box, 'echo'),
      kick: 'started',
    });
    const shim = readFileSync(bin(box, 'echo'), 'utf8');
    expect(shim).toContain(`exec ${program} `);
    expect(shim).toContain(`${box.path}/echo.mjs -- "$@"\n`);
    expect(lstatSync(bin(box, 'echo')).mode & 0o777).toBe(0o755);
    await eventually('it serves', () => existsSync(path.join(box.place(), 'current')));
    await eventually('it is ready', () => existsSync(path.join(box.place(), 'launch')));
    const answer = await typed(
      box,
      `echo() { command ${bin(box, 'echo')} "$@"; }; echo a 'b  c' -- --stdin`,
      'hi',
    );
    expect(JSON.parse(answer.stdout.toString())).toEqual({
      args: ['a', 'b  c', '--', '--stdin'],
      pid: box.daemons()[0],
      read: 'hi',
    });
    expect((await typed(box, `${bin(box, 'echo')} --exit=7`)).code).toBe(7);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('accepts any name of the service and the directories', async () => {
    const box = sandbox();
    const cli = place(box);
    const odd = path.join(box.path, `a b'c"d$HOME\`e;f*ü`);
    mkdirSync(odd);
    const elsewhere = path.join(box.path, `\\n'' &`);
    const service = box.service(undefined, path.join(path.basename(odd), "it's $1.mjs"));
    const args = ['install', service, '--as', 'odd', '--bin-dir', elsewhere, '--project', odd];
    const settings = ['--settings', path.join(odd, 'x y.json')];
    await done(box.exec(process.execPath, [cli, ...args, ...settings], { env: HOME_ALONE }));
    const { statusLine } = JSON.parse(readFileSync(path.join(odd, 'x y.json'), 'utf8'));
    const answer = await typed(box, `${statusLine.command} 'x y'`);
    expect(answer.stderr).toBe('');
    expect(JSON.parse(answer.stdout.toString())).toMatchObject({ args: ['x y'] });
    await done(box.exec(process.execPath, [cli, 'uninstall', 'odd'], { env: HOME_ALONE }));
    expect(readdirSync(odd)).toEqual(["it's $1.mjs"]);
  });
});

describe('the options', () => {
  it('are in the shim as given, with the real path of the service', async () => {
    const box = sandbox();
    const service = box.service();
    symlinkSync(service, path.join(box.path, 'link.mjs'));
    const flags = [
      '--name',
      'other',
      '--state-dir',
      'state',
      '--fallback',
      'inline',
      '--idle-timeout',
      '90s',
    ];
    await done(solod(box, ['install', 'link.mjs', ...flags, '--timeout', '3s']));
    const [, , line] = readFileSync(bin(box, 'other'), 'utf8').split('\n');
    expect(line).toMatch(
      new RegExp(
        ` call --name=other --state-dir=${box.state} --timeout=3000ms --fallback=inline --idle-timeout=90000ms ${service} -- "\\$@"$`,
      ),
    );
    // Until it serves, the command answers without it.
    await eventually('it serves', () => existsSync(path.join(box.place(), 'current')));
    const { pid } = JSON.parse((await typed(box, 'other')).stdout.toString());
    expect(box.daemons()).toEqual([pid]);
  });

  it('name the command after the service, or its file, without --as', async () => {
    const box = sandbox();
    box.service("export default defineService({ name: 'own', run: () => 0 });", 'file.mjs');
    box.service('export default () => 0;', 'my tool.mjs');
    await done(solod(box, ['install', 'file.mjs']));
    await done(solod(box, ['install', 'my tool.mjs']));
    expect(readdirSync(bin(box)).sort()).toEqual(['my-tool', 'own']);
  });

  it('use $XDG_BIN_HOME unless --bin-dir is given, on the PATH or not', async () => {
    const box = sandbox();
    box.service();
    const XDG_BIN_HOME = path.join(box.path, 'xdg');
    const onPath = await solod(box, ['install', 'echo.mjs'], {
      env: { XDG_BIN_HOME, PATH: `/nowhere:${XDG_BIN_HOME}/:${process.env.PATH}` },
    });
    expect(onPath).toMatchObject({ code: 0, stderr: '' });
    const elsewhere = path.join(box.path, 'elsewhere');
    const off = await solod(box, ['install', 'echo.mjs', '--bin-dir', elsewhere], { env: { XDG_BIN_HOME } });
    expect(off).toMatchObject({
      code: 0,
      stderr: `solod: ${elsewhere} is not on the PATH; add it, or use the full path of the command [SOLOD_E_INSTALL_OFF_PATH]\n`,
    });
    expect([existsSync(path.join(XDG_BIN_HOME, 'echo')), existsSync(path.join(elsewhere, 'echo'))]).toEqual([
      true,
      true,
    ]);
    const which = await solod(box, ['uninstall', 'echo.mjs'], { env: { XDG_BIN_HOME } });
    expect(which).toMatchObject({ code: 64, stderr: expect.stringContaining('choose one') });
    await done(solod(box, ['uninstall', 'echo', '--bin-dir', elsewhere], { env: { XDG_BIN_HOME } }));
    await done(solod(box, ['uninstall', 'echo.mjs'], { env: { XDG_BIN_HOME } }));
    expect(readdirSync(box.path).sort()).toEqual(['echo.mjs', 'state']);
  });

  it('kick no daemon if there is none (CI, SOLOD=off)', async () => {
    const box = sandbox();
    box.service();
    expect(await factsOf(solod(box, ['install', 'echo.mjs', '--json'], { env: { CI: '1' } }))).toMatchObject({
      kick: 'switched-off',
    });
    expect(readdirSync(box.state)).toEqual([]);
  });
});

describe('the settings file', () => {
  it('names the command, and is restored byte for byte', async () => {
    const box = sandbox();
    box.service();
    const settings = settingsIn(box);
    symlinkSync(path.join(box.path, '.tool'), path.join(box.path, 'linked'));
    symlinkSync('settings.json', path.join(box.path, '.tool', 'link.json'));
    const before = treeIn(box);
    const facts = await factsOf(
      solod(box, ['install', 'echo.mjs', '--settings', 'linked/link.json', '--json']),
    );
    expect(facts.settings).toEqual({
      path: path.join(box.path, settings),
      entry: ['statusLine'],
      backup: path.join(box.path, `${settings}.solod-backup`),
    });
    expect(readFileSync(path.join(box.path, settings), 'utf8')).toBe(
      `${SETTINGS.slice(0, -3)},\r\n    "statusLine": {\r\n        "type": "command",\r\n        "command": "${bin(box, 'echo')}"\r\n    }\r\n}`,
    );
    await done(solod(box, ['uninstall', 'echo']));
    expect(treeIn(box)).toEqual(before);
  });

  it('takes any value at any key, and is created if it is missing', async () => {
    const box = sandbox();
    box.service();
    const before = treeIn(box);
    const args = [
      '--settings',
      'deep/er/new.json',
      '--entry',
      'hooks.start',
      '--value',
      '{"run":["{command}","-v"]}',
    ];
    const facts = await factsOf(solod(box, ['install', 'echo.mjs', ...args, '--json']));
    expect(facts.settings).not.toHaveProperty('backup');
    expect(JSON.parse(readFileSync(path.join(box.path, 'deep/er/new.json'), 'utf8'))).toEqual({
      hooks: { start: { run: [bin(box, 'echo'), '-v'] } },
    });
    expect(await done(solod(box, ['install', 'echo.mjs', ...args]))).toContain('already installed');
    expect(await done(solod(box, ['uninstall', 'echo.mjs']))).toContain('uninstalled; its daemon');
    expect(treeIn(box)).toEqual(before);
    expect(box.daemons()).toHaveLength(1);
  });

  it('is not changed by --dry-run, which shows the change', async () => {
    const box = sandbox();
    const service = box.service();
    const settings = settingsIn(box);
    const args = ['install', service, '--settings', settings];
    const before = treeOf(box.path);
    const forecast = await done(solod(box, [...args, '--dry-run']));
    expect(forecast).toContain(`--- /dev/null\n+++ ${bin(box, 'echo')}\n@@ -0,0 +1,3 @@\n+#!/bin/sh\n`);
    expect(forecast).toContain(`+    "statusLine": {`);
    expect(await factsOf(solod(box, [...args, '--dry-run', '--json']))).toMatchObject({
      kind: 'dry-run',
      files: [{ path: bin(box, 'echo') }, { path: path.join(box.path, settings) }],
    });
    expect([treeOf(box.path), box.daemons()]).toEqual([before, []]);
    await done(solod(box, args));
    const installed = treeIn(box);
    expect(await done(solod(box, [...args, '--dry-run']))).toBe('nothing would change\n');
    const again = await done(solod(box, [...args, '--dry-run', '--value', '7']));
    expect(again).toContain('+    "statusLine": 7');
    expect(again).not.toContain('/dev/null');
    const undone = await done(solod(box, ['uninstall', 'echo', '--dry-run']));
    expect(undone).toContain('-    "statusLine": {');
    expect(undone).toContain(`--- ${bin(box, 'echo')}\n+++ /dev/null\n`);
    expect(treeIn(box)).toEqual(installed);
  });

  it('keeps an entry that was changed since, with a note', async () => {
    const box = sandbox();
    box.service();
    const settings = settingsIn(box);
    await done(solod(box, ['install', 'echo.mjs', '--settings', settings]));
    writeFileSync(path.join(box.path, settings), '{"statusLine":"mine"}');
    const { notes } = await factsOf(solod(box, ['uninstall', 'echo', '--json']));
    expect(notes).toEqual([
      expect.stringMatching(/^statusLine in .* was changed since and is left as it is; /),
    ]);
    expect(readFileSync(path.join(box.path, settings), 'utf8')).toBe('{"statusLine":"mine"}');
    expect(existsSync(bin(box, 'echo'))).toBe(false);
  });
});

const SPOILT = (box: Sandbox): void => writeFileSync(path.join(box.path, 'x.json'), '{\n  "a": 1,\n}\n');
interface Refusal {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: string;
  readonly prepare?: (box: Sandbox) => void;
  readonly env?: Readonly<Record<string, string>>;
}

const WITH_SETTINGS = ['install', 'echo.mjs', '--settings', 'x.json'] as const;
const REFUSALS: readonly Refusal[] = [
  { what: 'no such service', args: ['install', 'none.mjs'], code: 66, says: 'no service file' },
  {
    what: 'settings that are not JSON',
    args: WITH_SETTINGS,
    code: 65,
    says: '(line 3, column 1)',
    prepare: SPOILT,
  },
  {
    what: 'settings that are a directory',
    args: ['install', 'echo.mjs', '--settings', 'state'],
    code: 73,
    says: 'not a plain file',
  },
  { what: 'a key without a name', args: [...WITH_SETTINGS, '--entry', 'a.'], code: 64, says: '--entry a. ' },
  {
    what: 'a value that is not JSON',
    args: [...WITH_SETTINGS, '--value', 'a'],
    code: 64,
    says: '--value a ',
  },
  {
    what: 'a value for no settings',
    args: ['install', 'echo.mjs', '--value', '1'],
    code: 64,
    says: '--settings',
  },
  {
    what: 'an entry for no settings',
    args: ['install', 'echo.mjs', '--entry', 'x'],
    code: 64,
    says: '--settings',
  },
  {
    what: 'an invalid command name',
    args: ['install', 'echo.mjs', '--as', 'a/b'],
    code: 64,
    says: '"a/b"',
  },
  {
    what: 'a relative directory',
    args: ['install', 'echo.mjs', '--bin-dir', 'b'],
    code: 64,
    says: '--bin-dir b ',
  },
  {
    what: 'a line break',
    args: ['install', 'echo.mjs', '--project', 'a\nb'],
    code: 64,
    says: 'line break',
    prepare: (box) => mkdirSync(path.join(box.path, 'a\nb')),
  },
  { what: 'no such project', args: ['install', 'echo.mjs', '--project', 'none'], code: 64, says: 'none' },
  { what: 'no home', args: ['install', 'echo.mjs'], code: 64, says: 'home directory', env: { HOME: '' } },
  {
    what: 'a file in the way',
    args: ['install', 'echo.mjs'],
    code: 73,
    says: 'there already',
    prepare: (box) => {
      mkdirSync(bin(box), { recursive: true });
      writeFileSync(bin(box, 'echo'), 'mine');
    },
  },
  { what: 'a wrong word', args: ['install', 'echo.mjs', '--errors', 'x'], code: 64, says: '--errors x' },
  {
    what: 'a command that was never installed',
    args: ['uninstall', 'echo.mjs'],
    code: 69,
    says: 'not installed',
  },
  { what: 'nothing named', args: ['uninstall'], code: 64, says: 'no service is given' },
];

describe('install refuses in one sentence, and changes nothing:', () => {
  it.each(REFUSALS)('$what', async ({ prepare = () => {}, args, code, says, env = {} }) => {
    const box = sandbox();
    box.service();
    prepare(box);
    const before = treeOf(box.path);
    const ended = await solod(box, args, { env });
    expect(ended).toMatchObject({ code, stderr: expect.stringMatching(/^solod: [^\n]*\S; [^\n]+\n$/) });
    expect(ended.stderr).toContain(says);
    expect([treeOf(box.path), box.daemons()]).toEqual([before, []]);
  });

  it.skipIf(!isRoot || !has('unshare'))(
    'a directory that can not be written to (as root, with unshare)',
    async () => {
      const box = sandbox();
      box.service();
      const settings = settingsIn(box);
      const before = treeOf(box.path);
      const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
      const install = [
        process.execPath,
        path.join(ROOT, 'dist/solod.cjs'),
        'install',
        'echo.mjs',
        '--settings',
        settings,
      ];
      const directory = path.join(box.path, '.tool');
      const ended = await box.exec('unshare', ['--mount', 'sh', '-c', script, directory, ...install], {
        env: HOME_ALONE,
      });
      expect(ended).toMatchObject({ code: 73, stderr: expect.stringContaining('EROFS') });
      expect(treeOf(box.path)).toEqual(before);
    },
  );
});

describe('install in unusual cases', () => {
  it('several at once: each installs the command or names the one that does, and the result can be undone', async () => {
    const box = sandbox();
    box.service();
    const settings = settingsIn(box);
    const before = treeIn(box);
    const install = () => solod(box, ['install', 'echo.mjs', '--settings', settings, '--bin-dir', bin(box)]);
    const codes = (await Promise.all(Array.from({ length: 6 }, install))).map(({ code }) => code);
    expect(codes).toContain(0);
    expect(codes.filter((code) => code !== 0 && code !== 75)).toEqual([]);
    expect(await done(install())).toContain('already installed');
    await done(solod(box, ['uninstall', 'echo']));
    // An install that gave way may leave directories that it made.
    const files = (tree: Record<string, string>): object =>
      Object.fromEntries(Object.entries(tree).filter(([, what]) => !what.startsWith('directory')));
    expect(files(treeIn(box))).toEqual(files(before));
  });

  it('the kick fails: the installation stays, and the exit code is that of the kick', async () => {
    const box = sandbox();
    box.service();
    chmodSync(box.state, 0o777);
    const ended = await solod(box, ['install', 'echo.mjs', '--bin-dir', bin(box), '--json']);
    expect(ended).toMatchObject({
      code: 77,
      stderr: expect.stringMatching(/^solod: the state directory .*\n$/),
    });
    expect(JSON.parse(ended.stdout.toString())).toMatchObject({ kind: 'installed', kick: 'failed' });
    expect(existsSync(bin(box, 'echo'))).toBe(true);
  });

  it('no home: install works if every directory is given', async () => {
    const box = sandbox();
    box.service();
    const env = { HOME: '', XDG_STATE_HOME: path.join(box.path, 'xdg') };
    const directory = path.join(box.path, 'bin');
    await done(solod(box, ['install', 'echo.mjs', '--bin-dir', directory], { env }));
    await done(solod(box, ['uninstall', 'echo'], { env }));
    expect(readdirSync(box.path).sort()).toEqual(['echo.mjs', 'state']);
  });

  it('the service is gone: uninstall works by its name, or by its former path', async () => {
    const box = sandbox();
    for (const [operand, name] of [
      ['echo', 'echo.mjs'],
      ['two.mjs', 'two.mjs'],
    ] as const) {
      await done(solod(box, ['install', box.service(undefined, name)]));
      rmSync(path.join(box.path, name));
      await done(solod(box, ['uninstall', operand]));
    }
    expect(readdirSync(box.path)).toEqual(['state']);
  });
});
