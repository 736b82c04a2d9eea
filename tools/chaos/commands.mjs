/** Runs solod's commands, with random options. */
import path from 'node:path';

/** @import { Act, Client, RandomChoices, Stage } from './actions.mjs' */

/** How many commands run at once; daemons come on top. */
export const CLIENTS_MAX = 8;
/** How many commands and daemons together. */
export const PROCESSES_MAX = 12;

const HOUR_MS = 3_600_000;
/** The share of commands whose wall clock is off. */
const CLOCKS_OFF_SHARE = 0.12;

/** @param {Stage} stage @param {RandomChoices} choices */
function options(stage, choices) {
  const name = choices.oneOf(stage.names);
  const idle = choices.oneOf(['200ms', '1s', '10s', '10s', '10s']);
  const grace = choices.oneOf(['100ms', '1s', '3s']);
  const timeout = choices.oneOf(['300ms', '1s', '3s', '10s', '10s']);
  return {
    target: ['--name', name, stage.sandbox.service(name)],
    timeout: [`--timeout=${timeout}`],
    life: [`--idle-timeout=${idle}`, `--grace=${grace}`],
  };
}

/**
 * Another wall clock for some commands.
 * @param {Stage} stage
 * @param {RandomChoices} choices
 * @returns {{ before?: string[], env?: Record<string, string> }}
 */
function clock({ sandbox, clocks }, choices) {
  const isOff = choices.chance(CLOCKS_OFF_SHARE);
  const ms = choices.oneOf([-HOUR_MS, -5_000, -700, 700, 5_000, HOUR_MS]);
  if (!isOff) return {};
  sandbox.note(`the next clock is ${ms / 1_000} s off`);
  if (clocks === 'preload') {
    const before = [process.execPath, '--require', path.join(sandbox.scratch, 'clock.cjs')];
    return { before, env: { CHAOS_CLOCK_MS: String(ms) } };
  }
  const offset = `${ms < 0 ? '' : '+'}${ms / 1_000}s`;
  return { before: ['faketime', '--exclude-monotonic', '-f', offset, process.execPath] };
}

/** @param {Stage} stage @param {RandomChoices} choices @returns {Client} */
export function call(stage, choices) {
  const { target, timeout, life } = options(stage, choices);
  const kind = choices.oneOf(['short', 'short', 'slow', 'slow', 'deaf', 'failing', 'stdin']);
  const ms = choices.between(20, choices.chance(0.2) ? 2_500 : 400);
  const length = choices.oneOf([0, 20, 5_000, 400_000]);
  const id = `c${stage.calls.size + 1}`;
  const input = kind === 'stdin' ? id.repeat(Math.ceil(length / id.length)) : '';
  const args = ['call', ...timeout, ...life, ...target, '--', id, kind, String(ms)];
  const client = stage.sandbox.start(stage.state, args, { input, ...clock(stage, choices) });
  stage.calls.set(id, { id, kind, input, client });
  return client;
}

/** @param {Stage} stage @param {RandomChoices} choices @returns {Client} */
export function kick(stage, choices) {
  const { target, life } = options(stage, choices);
  return stage.sandbox.start(stage.state, ['kick', ...life, ...target], clock(stage, choices));
}

/** @param {Stage} stage @param {RandomChoices} choices @returns {Client} */
export function serve(stage, choices) {
  const { target, life } = options(stage, choices);
  return stage.sandbox.start(stage.state, ['serve', ...life, ...target], clock(stage, choices));
}

/** @param {'stop' | 'restart' | 'status'} command @returns {Act} */
export const manage = (command) => (stage, choices) => {
  const { target, timeout, life } = options(stage, choices);
  const settings = command === 'restart' ? [...timeout, ...life] : timeout;
  stage.sandbox.start(stage.state, [command, ...settings, ...target]);
};

/** Starts some commands at once. @type {Act} */
export function burst(stage, choices) {
  const size = choices.between(3, CLIENTS_MAX);
  const shares = Array.from({ length: size }, () => choices.fork());
  for (const share of shares) {
    if (stage.sandbox.open.length >= CLIENTS_MAX) return;
    share
      .weighted([
        { weight: 5, start: call },
        { weight: 3, start: kick },
        { weight: 2, start: serve },
      ])
      .start(stage, share);
  }
}
