/**
 * What may happen in a run, and how often. Each action draws its choices from a source of its own, and finds
 * out by itself whether there is a process or a file that it can happen to.
 */
import { burst, call, kick, manage, serve } from './commands.mjs';
import {
  breakService,
  deleteByHand,
  deleteLock,
  fillDisk,
  plantLeftover,
  plantLock,
} from './file-damage.mjs';
import { ambush, strike } from './signals.mjs';

/**
 * @typedef {import('./random-choices.mjs').RandomChoices} RandomChoices
 * @typedef {import('./chaos-sandbox.mjs').Client} Client
 * @typedef {{ id: string, kind: string, input: string, client: Client }} Call
 * @typedef {{
 *   sandbox: import('./chaos-sandbox.mjs').ChaosSandbox, state: string, names: readonly string[], clocks:
 *   'faketime' | 'preload',
 *   calls: Map<string, Call>, counts: Record<string, number>, isOver: () => boolean,
 * }} Stage where a run takes place: `state` is the state directory, `names` are those of the daemons
 * @typedef {(stage: Stage, choices: RandomChoices) => void | Promise<void>} Act
 * @typedef {{ what: string, weight: number, act: Act }} Action
 */

/** @type {readonly Action[]} */
export const ACTIONS = [
  { what: 'call', weight: 30, act: (stage, choices) => void call(stage, choices) },
  { what: 'kick', weight: 10, act: (stage, choices) => void kick(stage, choices) },
  { what: 'serve', weight: 8, act: (stage, choices) => void serve(stage, choices) },
  { what: 'burst', weight: 5, act: burst },
  { what: 'stop', weight: 4, act: manage('stop') },
  { what: 'restart', weight: 4, act: manage('restart') },
  { what: 'status', weight: 2, act: manage('status') },
  { what: 'strike a daemon', weight: 14, act: strike('daemon') },
  { what: 'strike a client', weight: 9, act: strike('client') },
  { what: 'ambush', weight: 16, act: ambush },
  { what: 'delete the lock', weight: 4, act: deleteLock },
  { what: 'plant a lock', weight: 4, act: plantLock },
  { what: 'plant a leftover', weight: 4, act: plantLeftover },
  { what: 'break the service', weight: 1.5, act: breakService },
];

/** @type {Action} */
export const FILLING = { what: 'fill the disk', weight: 8, act: fillDisk };
/** @type {Action} */
export const DELETING = { what: 'delete', weight: 6, act: deleteByHand };
