/** What every group of measurements is given: a place, launchers, rounds with progress, and a list of what is not there. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { BENCH } from './bench-sandbox.mjs';
import { NodeLauncher, SmallLauncher } from './launcher.mjs';
import { inTurns } from './rounds.mjs';

const COMPILE_MS = 120_000;
/** On a machine that is busy with other things, the whole must come to an end, too. */
const ROUNDS_MS = 90_000;

export class Workbench {
  /** @type {{ what: string, why: string }[]} */
  leftOut = [];
  /** @type {string | undefined} */
  #compiled;
  #group = '';

  /**
   * @param {{ place: import('./bench-sandbox.mjs').Place, nodes: readonly string[], rounds: number | undefined, isQuick: boolean }} wishes
   *   `rounds`: instead of each group's own
   */
  constructor({ place, nodes, rounds, isQuick }) {
    this.place = place;
    this.nodes = nodes;
    this.isQuick = isQuick;
    this.wishedRounds = rounds;
    this.#compiled = this.#compileLauncher();
  }

  #compileLauncher() {
    const program = path.join(this.place.scratch, 'launcher');
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
    if (process.stderr.isTTY) this.say('…');
    else process.stderr.write(`${group} …\n`);
  }

  /** Into a pipe, it would be more than anybody reads. @param {string} text */
  say(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${this.#group}: ${text}`);
  }

  /** @param {string} what @param {string} why */
  leaveOut(what, why) {
    if (!this.leftOut.some((each) => each.what === what)) this.leftOut.push({ what, why });
  }

  /** @param {NodeJS.ProcessEnv} env @returns {import('./launcher.mjs').Launcher} */
  launcher(env) {
    return this.#compiled === undefined
      ? new NodeLauncher(this.place, env)
      : new SmallLauncher(this.#compiled, this.place, env);
  }

  /** @param {number} usual how many rounds it takes @returns {number} how many it is to be now */
  count(usual) {
    return this.wishedRounds ?? (this.isQuick ? Math.max(3, Math.round(usual / 8)) : usual);
  }

  /**
   * @template {string} Name
   * @param {number} usual @param {Record<Name, () => Promise<number>>} acts
   * @param {{ what?: string, warmUps?: number, withinMs?: number }} [options] `what`: for whoever watches
   */
  rounds(usual, acts, { what = '', warmUps, withinMs = ROUNDS_MS } = {}) {
    const tick = (done, of) => this.say(`${what === '' ? '' : `${what}, `}round ${done + 1} of ${of}`);
    return inTurns({ rounds: this.count(usual), withinMs, warmUps, acts, tick });
  }

  /** @param {string} what @param {readonly string[]} names @returns {string | undefined} the path of the first that is there */
  program(what, names) {
    const folders = (process.env.PATH ?? '').split(':');
    for (const name of names)
      for (const folder of folders)
        if (fs.existsSync(path.join(folder, name))) return path.join(folder, name);
    this.leaveOut(what, 'not installed');
    return undefined;
  }
}
