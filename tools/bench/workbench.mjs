/**
 * What every group of measurements gets: a sandbox, launchers, rounds with progress, and a list of what is
 * missing.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { showProgress } from '../support/command-line.mjs';
import { BENCH } from '../support/paths.mjs';
import { NodeLauncher, SmallLauncher } from './launcher.mjs';
import { inTurns } from './rounds.mjs';

const COMPILE_MS = 120_000;
/** A bench on a busy machine must end too. */
const ROUNDS_MS = 90_000;
const QUICK_SHARE = 1 / 8;
const QUICK_ROUNDS_MIN = 3;

/** @typedef {import('./bench-sandbox.mjs').BenchSandbox} BenchSandbox */

export class Workbench {
  /** @type {{ what: string, why: string }[]} */
  leftOut = [];
  /** @type {string | undefined} */
  #compiled;
  #group = '';

  /**
   * @param {{ sandbox: BenchSandbox, nodes: readonly string[], rounds: number | undefined, isQuick: boolean
   *   }} wishes `rounds`: instead of each group's own number
   */
  constructor({ sandbox, nodes, rounds, isQuick }) {
    this.sandbox = sandbox;
    this.nodes = nodes;
    this.isQuick = isQuick;
    this.wishedRounds = rounds;
    this.#compiled = this.#compileLauncher();
  }

  #compileLauncher() {
    const program = path.join(this.sandbox.scratch, 'launcher');
    const args = ['-O', '--edition', '2021', '-o', program, path.join(BENCH, 'launcher.rs')];
    const { status } = spawnSync('rustc', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: COMPILE_MS,
    });
    if (status === 0) return program;
    this.leaveOut(
      'the small launcher',
      'no rustc: processes are started from Node, which adds a millisecond or two to each',
    );
    return undefined;
  }

  /** @param {string} group */
  begin(group) {
    this.#group = group;
    this.say('…');
    if (!process.stderr.isTTY) process.stderr.write(`${group} …\n`);
  }

  /** @param {string} text */
  say(text) {
    showProgress(`${this.#group}: ${text}`);
  }

  /** @param {string} what @param {string} why */
  leaveOut(what, why) {
    if (!this.leftOut.some((each) => each.what === what)) this.leftOut.push({ what, why });
  }

  /** @param {NodeJS.ProcessEnv} env @returns {import('./launcher.mjs').Launcher} */
  launcher(env) {
    return this.#compiled === undefined
      ? new NodeLauncher(this.sandbox, env)
      : new SmallLauncher(this.#compiled, this.sandbox, env);
  }

  /** @param {number} usual how many rounds a group takes @returns {number} how many it takes now */
  count(usual) {
    const quick = Math.max(QUICK_ROUNDS_MIN, Math.round(usual * QUICK_SHARE));
    return this.wishedRounds ?? (this.isQuick ? quick : usual);
  }

  /**
   * @template {import('./rounds.mjs').Acts} A
   * @param {number} usual how many rounds
   * @param {A} acts
   * @param {{ what?: string, warmUps?: number, withinMs?: number }} [options] `what`: for the progress line
   * @returns {Promise<import('./rounds.mjs').Taken<A>>}
   */
  rounds(usual, acts, { what = '', warmUps = 1, withinMs = ROUNDS_MS } = {}) {
    const tick = (/** @type {number} */ done, /** @type {number} */ of) =>
      this.say(`${what === '' ? '' : `${what}, `}round ${done + 1} of ${of}`);
    return inTurns({ rounds: this.count(usual), withinMs, warmUps, acts, tick });
  }

  /**
   * @param {string} what
   * @param {readonly string[]} names
   * @returns {string | undefined} the path of the first that is on the PATH
   */
  program(what, names) {
    const folders = (process.env.PATH ?? '').split(':');
    for (const name of names)
      for (const folder of folders)
        if (fs.existsSync(path.join(folder, name))) return path.join(folder, name);
    this.leaveOut(what, 'not installed');
    return undefined;
  }
}
