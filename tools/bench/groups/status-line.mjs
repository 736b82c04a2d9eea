/**
 * What the status line costs. Warm, by the native client, against /bin/true; and without a daemon, with the
 * fallback inline, against the same service without solod.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { NATIVE_CLIENT, ROOT } from '../../support/paths.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { BenchSandbox } from '../bench-sandbox.mjs' */
/** @import { Row } from '../rows.mjs' */

const ROUNDS = 100;
/** Cold rounds take a hundred times as long. */
const COLD_SHARE = 1 / 5;
const COLD_ROUNDS_MIN = 5;
const WARM_UPS = 20;
const WARM_UP_EVERY_MS = 50;
const SERVICE = 'solod:status-line';
const STATE = 'state-status-line';
const FILES = 40;
const FOLDERS = 8;

/** The service as a program of its own, with as little around it as possible. */
const RUNNER = `
const { run } = require(${JSON.stringify(path.join(ROOT, 'dist', 'status-line.cjs'))}).default;
const { argv, env, stdin, stdout, stderr } = process;
const signal = new AbortController().signal;
const context = { args: argv.slice(2), cwd: process.cwd(), env, stdin, stdout, stderr, signal };
run(context).then((code) => process.exit(code));
`;

/**
 * A repository with some files in some folders; one file has changed.
 * @param {BenchSandbox} sandbox
 * @returns {string} its folder
 */
function makeRepository(sandbox) {
  const repository = sandbox.folder('repository');
  const git = (/** @type {string[]} */ ...args) => sandbox.run('git', args, { cwd: repository });
  git('init', '--quiet', '--initial-branch=main');
  for (let n = 0; n < FILES; n++) sandbox.write(`repository/part-${n % FOLDERS}/file-${n}`, `${n}\n`);
  git('add', '.');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '-m', 'all');
  sandbox.write('repository/part-0/file-0', 'another\n');
  return repository;
}

/** Calls the status line, from this Node, because each call gets an input. */
class StatusLine {
  /** Every line that was printed. @type {Set<string>} */
  printed = new Set();

  /** @param {BenchSandbox} sandbox */
  constructor(sandbox) {
    this.sandbox = sandbox;
    this.repository = makeRepository(sandbox);
    this.runner = sandbox.write('runner.cjs', RUNNER);
    this.input = JSON.stringify({ cwd: this.repository, model: { display_name: 'Model' }, cost: 1.5 });
  }

  /**
   * @param {string} program
   * @param {readonly string[]} args
   * @returns {number} milliseconds that the whole process took
   */
  timed(program, args) {
    const { input, repository: cwd } = this;
    const env = this.sandbox.env(STATE);
    const begun = performance.now();
    const { status, error, stdout, stderr } = spawnSync(program, args, { input, env, cwd, encoding: 'utf8' });
    const tookMs = performance.now() - begun;
    if (status !== 0) throw new Error(`${program} ended with ${error ?? status}: ${stderr}`);
    if (program !== '/bin/true') this.printed.add(stdout);
    return tookMs;
  }

  /** @param {string[]} options */
  call(...options) {
    return this.timed(NATIVE_CLIENT, ['call', ...options, SERVICE]);
  }

  /** Until the daemon has everything in its memory. */
  async warmUp() {
    for (let n = 0; n < WARM_UPS; n++) {
      this.call();
      await delay(WARM_UP_EVERY_MS);
    }
  }
}

/** @param {StatusLine} line @param {number} rounds @returns {Promise<Row>} */
async function warmRow(line, rounds) {
  await line.warmUp();
  return row({
    ...{ what: 'warm status line, native client', against: '/bin/true', atMost: 4, rounds },
    bare: () => line.timed('/bin/true', []),
    call: () => line.call(),
  });
}

/**
 * @param {StatusLine} line
 * @param {number} rounds
 * @param {string} what
 * @param {() => void} clear called before each round
 * @returns {Row}
 */
function coldRow(line, rounds, what, clear) {
  return row({
    ...{ what: `${what}, fallback inline`, against: 'the same service without solod', atMost: 1.5, rounds },
    bare: () => {
      clear();
      return line.timed(process.execPath, [line.runner]);
    },
    call: () => line.call('--fallback', 'inline'),
  });
}

/**
 * @param {{
 *   what: string, against: string, atMost: number, rounds: number, bare: () => number, call: () => number,
 * }} measured `bare` and `call` take turns
 * @returns {Row}
 */
function row({ what, against, atMost, rounds, bare, call }) {
  const pairs = Array.from({ length: rounds }, () => ({ reference: bare(), value: call() }));
  const references = pairs.map(({ reference }) => reference);
  const values = pairs.map(({ value }) => value);
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

/** @param {import('../workbench.mjs').Workbench} bench @returns {Promise<Row[]>} */
export async function measureStatusLine(bench) {
  if (!fs.existsSync(NATIVE_CLIENT)) {
    bench.leaveOut('the status line', 'the native client is not built: there is no cargo');
    return [];
  }
  const { sandbox } = bench;
  const rounds = bench.count(ROUNDS);
  const few = Math.max(COLD_ROUNDS_MIN, Math.round(rounds * COLD_SHARE));
  const line = new StatusLine(sandbox);
  const forget = () => {
    sandbox.killDaemons();
    sandbox.forget(STATE);
  };
  const rows = [
    await warmRow(line, rounds),
    coldRow(line, few, 'status line, never called before', forget),
    coldRow(line, few, 'status line, daemon has ended', () => sandbox.killDaemons()),
  ];
  if (line.printed.size !== 1)
    throw new Error(`not the same line each time, but ${JSON.stringify([...line.printed])}`);
  return rows;
}
