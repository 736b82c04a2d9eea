/** The status line as users run it: real repositories, its daemon, both clients, and errors. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveService } from '../../../src/app/service/service-file.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import {
  type Ended,
  eventually,
  has,
  ROOT,
  type RunOptions,
  type Sandbox,
  SOLOD,
  sandbox,
} from '../support/sandbox.js';

const SERVICE = 'solod:status-line';
const GIT = has('git') ? execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim() : '';
const NEEDS_GIT = GIT === '' ? ' (left out: no git)' : '';
const ROUNDS = 50;
/** No colours, and a long timeout: the machine may be busy with other tests. */
const PATIENT = '--timeout=30s';
const PLAIN = ['--no-color', PATIENT];

/** git without any configuration. */
const GIT_ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'test'],
      [`GIT_${who}_EMAIL`, 'test@localhost'],
    ]),
  ),
};

class Repository {
  readonly path: string;

  constructor(
    readonly box: Sandbox,
    name = 'repository',
  ) {
    this.path = path.join(box.path, name);
  }

  /** One commit on `main`, with a file in a directory. */
  static make(box: Sandbox, name?: string): Repository {
    const made = new Repository(box, name);
    mkdirSync(path.join(made.path, 'src'), { recursive: true });
    made.git('init', '--quiet', '--initial-branch=main');
    made.write('src/a', 'one\n');
    made.write('.gitignore', 'ignored/\n*.log\n');
    made.git('add', '.');
    made.git('commit', '--quiet', '-m', 'first');
    return made;
  }

  git(...args: readonly string[]): string {
    const env = { ...this.box.env, ...GIT_ENV };
    return execFileSync('git', [...args], { cwd: this.path, env, encoding: 'utf8', stdio: 'pipe' });
  }

  /** Runs a git command that must fail, such as a merge with a conflict. */
  failingGit(...args: readonly string[]): void {
    expect(() => this.git(...args)).toThrow();
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.path, file), text);
  }

  run(options: RunOptions = {}, ...args: readonly string[]): Promise<Ended> {
    return this.box.run(['call', SERVICE, '--', ...PLAIN, ...args], { cwd: this.path, ...options });
  }

  /** The line of the daemon, without colours. */
  async line(options: RunOptions = {}, ...args: readonly string[]): Promise<string> {
    return textOf(await this.run(options, ...args));
  }
}

/** The line of a call that succeeded. */
function textOf({ code, stdout, stderr }: Ended): string {
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.toString()).toMatch(/^[^\n]+\n$/);
  return stdout.toString().slice(0, -1);
}

describe('the bundle', () => {
  it('has its name and version where callers read them, and they are right', () => {
    const file = path.join(ROOT, 'dist/status-line.cjs');
    const { name, version } = createRequire(file)(file).default;
    const service = resolveService(file);
    if (service.kind === 'failed') throw new Error(service.failure.kind);
    expect([service.value.name, service.value.edition.version]).toEqual([name, version]);
    expect([name, version]).toEqual(['status-line', expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  });

  it('is the only one: another name is an error', async () => {
    const { code, stderr } = await sandbox().run(['call', 'solod:nope']);
    expect([code, stderr]).toEqual([
      66,
      'solod: solod comes with no service called "solod:nope"; write solod:status-line or solod:share, or give the path of a file [SOLOD_E_SERVICE_UNKNOWN]\n',
    ]);
  });
});

describe.skipIf(GIT === '')(`the state of a repository${NEEDS_GIT}`, () => {
  it('the same daemon shows each state, one after the other', async () => {
    const box = sandbox();
    const at = Repository.make(box);
    expect(await at.line()).toBe('~/repository  main');
    at.write('src/a', 'two\n');
    expect(await at.line()).toBe('~/repository  main ~1');
    at.git('add', '.');
    at.write('new', '');
    expect(await at.line()).toBe('~/repository  main +1 ?1');
    at.git('commit', '--quiet', '-m', 'second');
    expect(await at.line()).toBe('~/repository  main ?1');
    at.git('checkout', '--quiet', '-b', 'feature/x', 'HEAD^');
    expect(await at.line({ cwd: path.join(at.path, 'src') })).toBe('~/repository/src  feature/x ?1');
    at.git('checkout', '--quiet', '--detach');
    expect(await at.line()).toMatch(/^~\/repository {2}:[0-9a-f]{7} \?1$/);
    rmSync(path.join(at.path, 'new'));
    at.write('x.log', 'ignored');
    expect(await at.line()).toMatch(/^~\/repository {2}:[0-9a-f]{7}$/);
    expect(box.spawns()).toEqual(['cold']);
    expect(box.daemons()).toHaveLength(1);
  });

  it('the line shows a repository before its first commit, and the distance to its upstream', async () => {
    const box = sandbox();
    const at = new Repository(box);
    mkdirSync(at.path);
    at.git('init', '--quiet', '--initial-branch=trunk');
    expect(await at.line()).toBe('~/repository  trunk');
    const other = Repository.make(box, 'other');
    other.git('clone', '--quiet', '.', '../clone');
    const clone = new Repository(box, 'clone');
    clone.git('commit', '--quiet', '--allow-empty', '-m', 'here');
    for (const name of ['a', 'b']) other.git('commit', '--quiet', '--allow-empty', '-m', name);
    expect(await clone.line()).toBe('~/clone  main ↑1');
    clone.git('fetch', '--quiet');
    expect(await clone.line()).toBe('~/clone  main ↑1 ↓2');
  });

  it('the line shows a merge, a rebase, a cherry-pick, a revert or a bisection', async () => {
    const at = Repository.make(sandbox());
    at.git('checkout', '--quiet', '-b', 'other');
    at.write('src/a', 'other\n');
    at.git('commit', '--quiet', '-am', 'other');
    at.git('checkout', '--quiet', 'main');
    at.write('src/a', 'mine\n');
    at.git('commit', '--quiet', '-am', 'mine');
    at.failingGit('merge', 'other');
    expect(await at.line()).toBe('~/repository  main !1 merge');
    at.git('merge', '--abort');
    expect(await at.line()).toBe('~/repository  main');
    at.failingGit('cherry-pick', 'other');
    expect(await at.line()).toBe('~/repository  main !1 cherry-pick');
    at.git('cherry-pick', '--abort');
    at.failingGit('revert', 'HEAD^');
    expect(await at.line()).toMatch(/^~\/repository {2}main !1.* revert$/);
    at.git('revert', '--abort');
    at.failingGit('rebase', 'other');
    expect(await at.line()).toMatch(/^~\/repository {2}:[0-9a-f]{7} !1 rebase$/);
    at.git('rebase', '--abort');
    at.git('bisect', 'start');
    expect(await at.line()).toBe('~/repository  main bisect');
  });

  it('the line is right in a linked worktree and in a submodule, with a git directory elsewhere', async () => {
    const box = sandbox();
    const at = Repository.make(box);
    at.git('worktree', 'add', '--quiet', '-b', 'side', '../side');
    const side = new Repository(box, 'side');
    expect(await side.line()).toBe('~/side  side');
    side.git('commit', '--quiet', '--allow-empty', '-m', 'x');
    side.write('src/a', 'changed\n');
    expect(await side.line()).toBe('~/side  side ~1');
    expect(await at.line()).toBe('~/repository  main');

    const outer = Repository.make(box, 'outer');
    outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '../repository', 'sub');
    outer.git('commit', '--quiet', '-m', 'sub');
    const sub = new Repository(box, 'outer/sub');
    expect(await sub.line()).toBe('~/outer/sub  main');
    await settled(outer);
    // All of this is inside the submodule and its own git directory.
    sub.git('commit', '--quiet', '--allow-empty', '-m', 'x');
    expect(await outer.line()).toBe('~/outer  main ~1');
  });

  it('the line ignores the variables of a hook of another repository', async () => {
    const box = sandbox();
    const at = Repository.make(box);
    const other = Repository.make(box, 'other');
    other.git('checkout', '--quiet', '-b', 'wrong');
    const env = { GIT_DIR: path.join(other.path, '.git'), GIT_INDEX_FILE: '/nowhere' };
    expect(await at.line({ env })).toBe('~/repository  main');
  });

  it('the line shows none outside of a repository', async () => {
    const box = sandbox();
    const { stdout } = await box.run(['call', SERVICE], { env: { NO_COLOR: '1' } });
    expect(stdout.toString()).toBe('~\n');
  });
});

/** A git that counts its runs, and runs the real one. */
class CountedGit {
  readonly #runs: string;
  readonly env: { readonly PATH: string };

  constructor(box: Sandbox) {
    this.#runs = path.join(box.path, 'runs');
    this.env = { PATH: fakeGit(box, `echo run >>'${this.#runs}'\nexec '${GIT}' "$@"`) };
  }

  get runs(): number {
    return existsSync(this.#runs) ? readFileSync(this.#runs, 'utf8').trim().split('\n').length : 0;
  }
}

/** @returns a PATH on which that git comes first */
function fakeGit(box: Sandbox, script: string): string {
  const folder = path.join(box.path, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, 'git'), 0o755);
  return `${folder}:${process.env.PATH}`;
}

/** Waits until the daemon watches everything. Then a line no longer starts git. */
async function settled(at: Repository, git = new CountedGit(at.box)): Promise<CountedGit> {
  await eventually('a line without git', async () => {
    const before = git.runs;
    await at.line({ env: git.env });
    await delay(200);
    return before > 0 && git.runs === before;
  });
  return git;
}

describe.skipIf(GIT === '')(`a warm line${NEEDS_GIT}`, () => {
  it('starts no process until a change; then one, for any number of callers', async () => {
    const at = Repository.make(sandbox());
    const git = await settled(at);
    const { runs } = git;
    for (let n = 0; n < 10; n++) expect(await at.line({ env: git.env })).toBe('~/repository  main');
    expect(git.runs).toBe(runs);

    // The daemon runs git without a caller, so the next line is warm.
    at.write('src/a', 'changed\n');
    await eventually('git is run', () => git.runs > runs);
    await settled(at, git);
    const after = git.runs;
    const lines = await Promise.all(Array.from({ length: 10 }, () => at.line({ env: git.env })));
    expect(new Set(lines)).toEqual(new Set(['~/repository  main ~1']));
    expect(git.runs).toBe(after);
  });

  it('runs git once without a daemon', async () => {
    const at = Repository.make(sandbox());
    const git = new CountedGit(at.box);
    const args = ['call', '--no-daemon', SERVICE, '--', ...PLAIN];
    const ended = await at.box.run(args, { cwd: at.path, env: git.env });
    expect(textOf(ended)).toBe('~/repository  main');
    expect(git.runs).toBe(1);
  });

  it('does not react to changes of ignored files', async () => {
    const at = Repository.make(sandbox());
    mkdirSync(path.join(at.path, 'ignored/deep'), { recursive: true });
    const git = await settled(at);
    const { runs } = git;
    for (let n = 0; n < 5; n++) at.write(`ignored/deep/${n}`, '');
    await delay(200);
    expect(await at.line({ env: git.env })).toBe('~/repository  main');
    expect(git.runs).toBe(runs);
  });

  it('with too many directories to watch is right after a moment, and at once after a checkout', async () => {
    const at = Repository.make(sandbox());
    for (let n = 0; n < 2_100; n++) mkdirSync(path.join(at.path, `src/${n}`));
    await at.line();
    await delay(300);
    at.git('checkout', '--quiet', '-b', 'other');
    expect(await at.line()).toBe('~/repository  other');
    at.write('src/7/new', '');
    await eventually('it is told', async () => (await at.line()) === '~/repository  other ?1');
    expect(watchesOf(at.box)).toBeLessThan(10);
  });

  it('does not watch a repository that is gone', async () => {
    const box = sandbox();
    const at = Repository.make(box);
    await settled(at);
    expect(watchesOf(box)).toBeGreaterThan(5);
    rmSync(at.path, { recursive: true });
    await eventually('its watches are gone', () => watchesOf(box) <= 1);
    expect((await box.run(['status', SERVICE])).code).toBe(0);
  });
});

/** The number of directories that the daemon watches, from the kernel (proc_pid_fdinfo(5)). */
function watchesOf(box: Sandbox): number {
  const [pid] = box.daemons();
  const folder = `/proc/${pid}/fdinfo`;
  const texts = readdirSync(folder).map((fd) => readFileSync(path.join(folder, fd), 'utf8'));
  return texts.join('\n').match(/^inotify /gm)?.length ?? 0;
}

describe.skipIf(GIT === '' || !hasCargo)(
  `a line right after a change shows it, ${ROUNDS} times in a row${NEEDS_GIT || LEFT_OUT}`,
  () => {
    beforeAll(buildClient, BUILD_MS);

    /** Like a shell's prompt: a change, and a line right after it. */
    async function repeat(at: Repository, change: string, expected: (n: number) => string): Promise<void> {
      await settled(at);
      const line = `"$CLIENT" call ${SERVICE} -- ${PLAIN.join(' ')} </dev/null`;
      const script = `n=1; while [ $n -le ${ROUNDS} ]; do ${change.replaceAll('LINE', line)}; n=$((n + 1)); done`;
      const env = { ...GIT_ENV, CLIENT };
      const { code, stdout, stderr } = await at.box.exec('sh', ['-ec', script], { cwd: at.path, env });
      expect([code, stderr]).toEqual([0, '']);
      const lines = stdout.toString().trimEnd().split('\n');
      expect(lines).toEqual(Array.from({ length: ROUNDS }, (_, n) => expected(n + 1)));
      expect(at.box.daemons()).toHaveLength(1);
    }

    it('a commit', async () => {
      const box = sandbox();
      Repository.make(box, 'origin').git('clone', '--quiet', '.', '../repository');
      const commit = 'git commit --quiet --allow-empty -m x && LINE';
      await repeat(new Repository(box), commit, (n) => `~/repository  main ↑${n}`);
    });

    it('a checkout', async () => {
      const at = Repository.make(sandbox());
      await repeat(at, 'git checkout --quiet -b b$n && LINE', (n) => `~/repository  b${n}`);
    });

    it('a new file that is not tracked', async () => {
      const at = Repository.make(sandbox());
      await repeat(at, 'echo >src/new-$n && LINE', (n) => `~/repository  main ?${n}`);
    });

    it('an edit, and its undo', async () => {
      const at = Repository.make(sandbox());
      const edit = 'if [ $((n % 2)) = 1 ]; then echo $n >src/a; else git checkout --quiet src/a; fi && LINE';
      await repeat(at, edit, (n) => `~/repository  main${n % 2 === 1 ? ' ~1' : ''}`);
    });

    it('a file in a directory that was empty, and so unknown to git', async () => {
      const at = Repository.make(sandbox());
      const made = 'mkdir -p new-$n/deep && LINE >/dev/null && echo >new-$n/deep/x && LINE';
      await repeat(at, made, (n) => `~/repository  main ?${n}`);
    });

    it('a directory that replaces another', async () => {
      const at = Repository.make(sandbox());
      const swapped =
        'mv src ignored && mkdir src && mv ignored/* src && rmdir ignored && echo >src/x$n && LINE';
      await repeat(at, swapped, (n) => `~/repository  main ?${n}`);
    });
  },
);

describe.skipIf(GIT === '')(`the line is the same by every way${NEEDS_GIT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const INPUTS: readonly (readonly [what: string, input: string, args: readonly string[]])[] = [
    ['nothing', '', []],
    [
      'a session',
      '{"model":{"display_name":"Large"},"cost":{"total_cost_usd":0.5,"total_duration_ms":61000}}',
      [],
    ],
    ['without colours', '{"model":"Large"}', ['--no-color']],
    ['wrong types', '{"model":5,"cost":"x"}', []],
    ['input that is not JSON', 'hello\x1b[2J', []],
    ['an unknown argument', '{}', ['--nonsense\n']],
  ];

  it.each(INPUTS)('%s', async (_, input, args) => {
    const box = sandbox();
    const at = Repository.make(box);
    at.write('new', '');
    const call = (...options: readonly string[]) => ['call', ...options, SERVICE, '--', PATIENT, ...args];
    const options = { cwd: at.path, input };
    const node = (...more: readonly string[]) => box.run(call(...more), options);
    const native = (...more: readonly string[]) => box.exec(CLIENT, call(...more), options);
    const ended = [await node('--no-daemon'), await node('--fallback=inline'), await node(), await node()];
    if (hasCargo) ended.push(await native(), await native('--no-daemon'), await native('--fallback=inline'));
    const [first = ''] = ended.map(textOf);
    expect(ended.map(textOf)).toEqual(ended.map(() => first));
    expect(first.includes('\x1b[')).toBe(!args.includes('--no-color'));
    expect([...first].filter((character) => /\p{Cc}/u.test(character) && character !== '\x1b')).toEqual([]);
  });

  it.each([
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
  ])('%j: colour is %s', async (env, isColoured) => {
    const { stdout } = await sandbox().run(['call', SERVICE], { env: { TERM: 'xterm', ...env } });
    expect(stdout.toString().includes('\x1b[')).toBe(isColoured);
  });
});

/** With a daemon, and without. */
const WAYS: readonly { readonly options: readonly string[] }[] = [
  { options: [] },
  { options: ['--no-daemon'] },
];

describe.skipIf(GIT === '')(`the line shows what goes wrong${NEEDS_GIT}`, () => {
  it('invalid input is named, and the rest of the line is right', async () => {
    const at = Repository.make(sandbox());
    expect(await at.line({ input: 'no JSON' })).toBe(
      '~/repository  main  stdin holds no JSON object; give one, or nothing [SOLOD_E_LINE_NO_OBJECT]',
    );
    expect(await at.line({ input: '{"cwd":"src","model":5,"cost":1}' })).toBe(
      '~/repository/src  main  $1.00  stdin: wrong type of model; left out [SOLOD_E_LINE_KEYS]',
    );
    expect(await at.line({ input: '{"cwd":"/nowhere"}' })).toBe(
      "/nowhere  the directory can't be read: ENOENT: no such file or directory; go elsewhere [SOLOD_E_LINE_DIRECTORY]",
    );
    expect(await at.line({}, '--x')).toBe(
      '~/repository  main  the status line does not take --x; give --no-color, --timeout=2s or none [SOLOD_E_LINE_ARGUMENT]',
    );
    expect(await at.line({}, '--timeout=1h')).toMatch(/ {2}the status line does not take --timeout=1h; /);
    expect(await at.line({ input: 'x'.repeat(1024 * 1024 + 1) })).toBe(
      '~/repository  main  stdin has more than 1048576 bytes; give less [SOLOD_E_LINE_TOO_LONG]',
    );
  });

  it('stdin does not end: the received part counts', async () => {
    const at = Repository.make(sandbox());
    const child = at.box.start(['call', SERVICE, '--', '--no-color', '--timeout=1s'], { cwd: at.path });
    child.stdin?.write('{"model":"Large"}');
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = await once(child, 'close');
    expect([code, said]).toEqual([
      0,
      '~/repository  main  Large  stdin did not end within 1000 ms; close it [SOLOD_E_LINE_ENDLESS]\n',
    ]);
  });

  it.each(WAYS)('the directory has been removed %j', async ({ options }) => {
    const box = sandbox();
    const gone = path.join(box.path, 'gone');
    mkdirSync(gone);
    const script = `cd gone && rmdir ../gone && "$NODE" "$MAIN" call ${options.join(' ')} ${SERVICE} </dev/null`;
    const env = { NODE: process.execPath, MAIN: SOLOD, NO_COLOR: '1' };
    expect(textOf(await box.exec('sh', ['-c', script], { env }))).toBe(
      "~/gone  the directory can't be read: ENOENT: no such file or directory; go elsewhere [SOLOD_E_LINE_DIRECTORY]",
    );
  });

  it.each(WAYS)('git is missing %j', async ({ options }) => {
    const at = Repository.make(sandbox());
    const args = ['call', ...options, SERVICE, '--', ...PLAIN];
    const missing = await at.box.run(args, { cwd: at.path, env: { PATH: '/nowhere' } });
    expect(textOf(missing)).toBe(
      "~/repository  main  git can't be started: spawn git ENOENT; check that it is on the PATH [SOLOD_E_LINE_NO_GIT]",
    );
    // A caller that has git gets no such error.
    expect(await at.line()).toBe('~/repository  main');
  });

  it.each(WAYS)('git hangs, and is ended with all its children %j', async ({ options }) => {
    const at = Repository.make(sandbox());
    const mark = `9${process.pid}${Date.now()}`;
    const env = { PATH: fakeGit(at.box, `sleep ${mark} & sleep ${mark}`) };
    const args = ['call', ...options, SERVICE, '--', '--no-color'];
    expect(textOf(await at.box.run(args, { cwd: at.path, env }))).toBe(
      '~/repository  main  git did not answer within 500 ms; try "git status" [SOLOD_E_LINE_SLOW_GIT]',
    );
    // A daemon tries again with a longer timeout, but not after its own end.
    await at.box.run(['stop', SERVICE]);
    await eventually('nothing of it is left', () => sleepersOf(mark).length === 0);
  });

  it('git fails, and its message is shown', async () => {
    const at = Repository.make(sandbox());
    const env = { PATH: fakeGit(at.box, "printf 'fatal: \\033[1mno\\nreason\\n' >&2; exit 128") };
    expect(await at.line({ env })).toBe(
      '~/repository  main  git failed; it says: fatal: no reason [SOLOD_E_LINE_GIT]',
    );
  });

  it('the error is red if there are colours', async () => {
    const { stdout } = await sandbox().run(['call', SERVICE], { input: 'x', env: { TERM: 'xterm' } });
    expect(stdout.toString()).toBe(
      '\x1b[34m~\x1b[0m  \x1b[31mstdin holds no JSON object; give one, or nothing [SOLOD_E_LINE_NO_OBJECT]\x1b[0m\n',
    );
  });
});

function sleepersOf(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^[0-9]+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${mark}\0`;
    } catch {
      return false;
    }
  });
}

describe('call --errors line', () => {
  beforeAll(buildClient, BUILD_MS);

  const clients: readonly (readonly [string, string, readonly string[]])[] = [
    ['Node', process.execPath, [SOLOD]],
    ...(hasCargo ? ([['native', CLIENT, []]] as const) : []),
  ];

  describe.each(clients)(`%s${LEFT_OUT}`, (_, program, first) => {
    const call = (box: Sandbox, args: readonly string[], env: RunOptions['env'] = {}) =>
      box.exec(program, [...first, 'call', ...args], { env });

    it.each([
      [{ NO_COLOR: undefined }, '\x1b[31m', '\x1b[0m'],
      [{ NO_COLOR: '' }, '\x1b[31m', '\x1b[0m'],
      [{ NO_COLOR: '1' }, '', ''],
    ])('prints a failure as one line on stdout, with exit code 0 %j', async (env, before, after) => {
      const box = sandbox();
      const ended = await call(box, ['--errors', 'line', '/nowhere.mjs'], env);
      expect(textOf(ended)).toBe(
        `${before}solod: there is no service file /nowhere.mjs, or it c… [SOLOD_E_SERVICE_MISSING]${after}`,
      );
    });

    it('is not the default: a failure goes to stderr', async () => {
      const box = sandbox();
      for (const args of [['/nowhere.mjs'], ['--errors=stderr', '/nowhere.mjs']]) {
        const { code, stdout, stderr } = await call(box, args);
        expect([code, stdout.toString()]).toEqual([66, '']);
        expect(stderr).toMatch(/^solod: there is no service file /);
      }
    });

    it('does not hide a usage error', async () => {
      const box = sandbox();
      const ended = await call(box, ['--errors=nonsense', box.service()]);
      expect([ended.code, ended.stdout.toString(), ended.stderr]).toEqual([
        64,
        '',
        'solod: --errors nonsense is not one of its values; write stderr or line [SOLOD_E_USAGE_WORD]\n',
      ]);
      const named = await call(box, ['--errors=line', '--name=///', box.service()]);
      expect([named.code, named.stdout.toString()]).toEqual([64, '']);
    });

    it('covers a distrusted state directory, a service that does not load, and a lost connection', async () => {
      const box = sandbox();
      const env = { NO_COLOR: '1' };
      const broken = await call(
        box,
        ['--errors=line', box.service('throw new Error("no")', 'broken.mjs')],
        env,
      );
      // Where the caller is slow, the daemon has ended before it connects.
      expect(textOf(broken)).toMatch(
        /^solod: the daemon (?:can't serve; .*… \[SOLOD_E_DECLINED\]|of .*… \[SOLOD_E_DIED_AT_START\])$/,
      );
      const index = JSON.stringify(path.join(ROOT, 'dist', 'index.js'));
      const dying = box.service(
        `import { defineService } from ${index};
         export default defineService({ run: () => process.exit(3), callProcess: 'shared' });`,
        'dying.mjs',
      );
      const lost = await call(box, ['--errors=line', dying], env);
      expect(textOf(lost)).toBe(
        'solod: the connection to the daemon was lost after the call had … [SOLOD_E_LOST]',
      );
      chmodSync(box.state, 0o777);
      const distrusted = await call(box, ['--errors=line', box.service()], env);
      expect(textOf(distrusted)).toMatch(
        /^solod: the state directory .*… \[SOLOD_E_STATE_DIRECTORY_DISTRUSTED\]$/,
      );
    });

    it('leaves the streams and the exit code of the service alone', async () => {
      const box = sandbox();
      const service = box.service('export default ({ stderr }) => (stderr.write("said"), 3)', 'own.mjs');
      const { code, stdout, stderr } = await call(box, ['--errors=line', service]);
      expect([code, stdout.toString(), stderr]).toEqual([3, '', 'said']);
    });
  });
});
