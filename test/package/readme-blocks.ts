/** Runs the commands that a document shows, as somebody does who copies them. */

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Block {
  readonly commands: string;
  /** What the document says that they print; undefined where it does not say. */
  readonly prints: string | undefined;
}

/** Blocks of `sh`, each with the block of `text` that follows it at once. */
export function blocksIn(document: string): Block[] {
  const found = document.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms);
  return [...found].map(([, commands = '', prints]) => ({ commands, prints }));
}

export interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty home directory and a fresh folder. `close` ends what was started there, and removes both. */
export class NewMachine {
  readonly path = mkdtempSync(path.join(tmpdir(), 'solod-new-'));
  readonly home = this.#made('home');
  readonly folder = this.#made('folder');
  readonly #bin = this.#made('bin');

  #made(name: string): string {
    const made = path.join(this.path, name);
    mkdirSync(made, { mode: 0o700 });
    return made;
  }

  /** A program that is on the PATH. */
  addProgram(name: string, ...command: readonly string[]): void {
    const words = command.map((word) => `'${word}'`).join(' ');
    writeFileSync(path.join(this.#bin, name), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }

  /** A program of this machine that gets something else in place of one argument. */
  addStandIn(name: string, argument: string, instead: string): void {
    const program = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    const script = [
      '#!/bin/sh',
      'for word do',
      '  shift',
      `  [ "$word" = '${argument}' ] && word='${instead}'`,
      '  set -- "$@" "$word"',
      'done',
      `exec '${program}' "$@"`,
    ];
    writeFileSync(path.join(this.#bin, name), `${script.join('\n')}\n`, { mode: 0o755 });
  }

  /** Where the programs are. npm puts commands into its own directory. */
  get searchPath(): string {
    return [
      this.#bin,
      path.join(this.home, 'npm/bin'),
      path.dirname(process.execPath),
      '/usr/bin',
      '/bin',
    ].join(':');
  }

  /** A server that `npx` would download. Other programs it takes from the PATH. */
  addServer(name: string, file: string): void {
    const script = `#!/bin/sh\n[ "$1 $2" = "-y ${name}" ] && exec node '${file}'\nexec "$@"\n`;
    writeFileSync(path.join(this.#bin, 'npx'), script, { mode: 0o755 });
  }

  /** Packages of this checkout, for the folder and those below it. */
  addPackages(...names: readonly string[]): void {
    const modules = path.join(this.folder, 'node_modules');
    for (const name of names) {
      const target = name === 'solod' ? ROOT : path.join(ROOT, 'node_modules', name);
      mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
      symlinkSync(target, path.join(modules, name));
    }
  }

  copyIn(from: string): void {
    for (const name of readdirSync(from))
      cpSync(path.join(from, name), path.join(this.folder, name), { recursive: true });
  }

  /** @param commands for bash, which ends at the first that fails */
  run(commands: string, folder = this.folder, env: Readonly<Record<string, string>> = {}): Promise<Told> {
    const { TMPDIR = '/tmp' } = process.env;
    const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', commands], {
      cwd: folder,
      env: {
        HOME: this.home,
        PATH: this.searchPath,
        TMPDIR,
        LANG: 'C.UTF-8',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@example.org',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@example.org',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    return new Promise((resolve) => {
      child.on('close', (code) =>
        resolve({ code, stdout: `${Buffer.concat(stdout)}`, stderr: `${Buffer.concat(stderr)}` }),
      );
    });
  }

  async close(): Promise<void> {
    await this.run(`node '${path.join(ROOT, 'dist/solod.cjs')}' stop --all --timeout 5s`).catch(
      () => undefined,
    );
    rmSync(this.path, { recursive: true, force: true });
  }
}
