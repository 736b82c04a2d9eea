// `node tools/bench/status-line.mjs [rounds]`: what the status line costs. Warm, by the native client, against /bin/true; and where no
// daemon is, with the fallback inline, against the same service without solod. The commands take turns, and are compared within a round.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../support/environment.mjs';
import { ratioRow } from './rounds.mjs';
import { fullTable } from './table.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const client = path.join(root, 'native', 'target', 'release', 'solod-client');
const bundle = path.join(root, 'dist', 'status-line.cjs');
const SERVICE = 'solod:status-line';
const FILES = 40;

/** The service as a program of its own: as little around it as can be. */
const RUNNER = `
const { run } = require(${JSON.stringify(bundle)}).default;
const { argv, env, stdin, stdout, stderr } = process;
const signal = new AbortController().signal;
run({ args: argv.slice(2), cwd: process.cwd(), env, stdin, stdout, stderr, signal }).then((code) => process.exit(code));
`;

/** A repository of some files in some directories, of which one has changed. */
function makeRepository(folder, env) {
  const git = (...args) => must(spawnSync('git', args, { cwd: folder, env, encoding: 'utf8' }), 'git');
  mkdirSync(folder);
  git('init', '--quiet', '--initial-branch=main');
  for (let n = 0; n < FILES; n++) {
    const directory = path.join(folder, `part-${n % 8}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `file-${n}`), `${n}\n`);
  }
  git('add', '.');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'all');
  writeFileSync(path.join(folder, 'part-0', 'file-0'), 'another\n');
}

function must(ended, what) {
  const { status, error, stderr } = ended;
  if (status !== 0) throw new Error(`${what} ended with ${error ?? status}: ${stderr}`);
  return ended;
}

class World {
  constructor() {
    this.scratch = mkdtempSync(path.join(tmpdir(), 'solod-bench-'));
    this.state = path.join(this.scratch, 'state');
    this.env = { ...plainEnvironment(), SOLOD_DIR: this.state, HOME: this.scratch };
    this.repository = path.join(this.scratch, 'repository');
    makeRepository(this.repository, this.env);
    this.runner = path.join(this.scratch, 'runner.cjs');
    writeFileSync(this.runner, RUNNER);
    this.input = JSON.stringify({ cwd: this.repository, model: { display_name: 'Model' }, cost: 1.5 });
    this.said = new Set();
  }

  /** @returns {number} how long the whole process took, in milliseconds */
  timed(program, args) {
    const { input, env, repository: cwd } = this;
    const begun = performance.now();
    const ended = spawnSync(program, args, { input, env, cwd, encoding: 'utf8' });
    const tookMs = performance.now() - begun;
    must(ended, program);
    if (program !== '/bin/true') this.said.add(ended.stdout);
    return tookMs;
  }

  call(...options) {
    return this.timed(client, ['call', ...options, SERVICE]);
  }

  /** Until a line takes no process any more. */
  warmUp() {
    for (let n = 0; n < 20; n++) {
      this.call();
      spawnSync('sleep', ['0.05']);
    }
  }

  /** Every daemon of this bench, by its own id. */
  endDaemons() {
    for (const pid of this.daemons()) process.kill(pid, 'SIGKILL');
  }

  /** As if there had never been one. */
  forget() {
    this.endDaemons();
    rmSync(this.state, { recursive: true, force: true });
  }

  daemons() {
    const isOurs = (pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.state);
      } catch {
        return false;
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name) && isOurs(name))
      .map(Number);
  }

  dispose() {
    this.forget();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function warmRow(world, rounds) {
  world.warmUp();
  const bare = () => world.timed('/bin/true', []);
  return row('warm status line, native client', '/bin/true', 4, rounds, bare, () => world.call());
}

/** @param clearAway what is done before each call */
function coldRow(world, rounds, what, clearAway) {
  const bare = () => {
    clearAway();
    return world.timed(process.execPath, [world.runner]);
  };
  const call = () => world.call('--fallback', 'inline');
  return row(`${what}, fallback inline`, 'the same service without solod', 1.5, rounds, bare, call);
}

function row(what, against, atMost, rounds, bare, call) {
  const pairs = Array.from({ length: rounds }, () => [bare(), call()]);
  const references = pairs.map(([reference]) => reference);
  const values = pairs.map(([, value]) => value);
  return ratioRow({
    group: 'status line',
    what,
    against,
    values,
    references,
    unit: 'ms',
    target: { atMost },
  });
}

/**
 * @param {{ rounds: number }} options how often each is run; the cold one, which takes a hundred times as long, a fifth as often
 * @returns {Promise<import('./rounds.mjs').Row[]>}
 */
export async function measure({ rounds }) {
  for (const file of [client, bundle])
    if (!existsSync(file))
      throw new Error(`${file} is missing: npm run build, node scripts/native.mjs build`);
  const world = new World();
  try {
    const few = Math.max(5, Math.round(rounds / 5));
    const rows = [
      warmRow(world, rounds),
      coldRow(world, few, 'status line, never called before', () => world.forget()),
      coldRow(world, few, 'status line, daemon has ended', () => world.endDaemons()),
    ];
    if (world.said.size !== 1)
      throw new Error(`not one line was said, but ${JSON.stringify([...world.said])}`);
    return rows;
  } finally {
    world.dispose();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? 100);
  console.log(fullTable(await measure({ rounds })));
}
