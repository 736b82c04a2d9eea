/**
 * What makes two states the same. Each process, and each name in the directory, is one piece: a text in which
 * process ids are told apart by their place only, and the list of those ids. A state is its pieces with the
 * ids renamed, in an order that comes from the state itself; so what one gets from the other by exchanging
 * names is the same. Where the order is not decided by the state, the ids as they are decide, and two states
 * that are the same may count as two, never the reverse.
 *
 * What nothing will ever depend on is left out; ARCHITECTURE.md says of each thing why that is so.
 */

import { makerOf, NAMES } from '../../../domain/place/layout.js';
import * as tree from '../machine/file-tree.js';
import type { Point } from '../machine/points.js';
import {
  FIRST_PID,
  isDaemon,
  type Limits,
  PLACE,
  PROCESSES_MAX,
  type Process,
  processOf,
  UNDISTURBED,
  used,
  type World,
  wasKilled,
} from '../machine/simulated-state.js';
import type { Key } from './seen-states.js';

interface Piece {
  readonly template: number;
  readonly pids: readonly number[];
}

/** Whether states that differ in names alone are one. */
export type Names = 'exchangeable' | 'fixed';

export function keyOf(world: World, names: Names = 'exchangeable'): Key {
  const pieces = piecesOf(world);
  const ranks = names === 'exchangeable' ? ranksIn(pieces) : IDENTICAL;
  let high = 0;
  let low = 0;
  for (const { template, pids } of pieces) {
    let a = absorb(0x3c6ef372, template);
    let b = absorb(0x1b873593, template);
    for (const pid of pids) {
      const rank = ranks[pid - FIRST_PID] ?? 0;
      a = absorb(a, rank);
      b = absorb(b, rank);
    }
    high = (high + finish(a)) | 0;
    low = (low + finish(b ^ 0x5bd1e995)) | 0;
  }
  return { high: high >>> 0, low: low >>> 0 };
}

const IDENTICAL: readonly number[] = Array.from({ length: PROCESSES_MAX }, (_, index) => index);

// --- hashing: MurmurHash3's rounds -------------------------------------------------------------------------

function absorb(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

// --- renaming ----------------------------------------------------------------------------------------------

/** Two suffice to tell a parent's child from its sibling's; a tie costs states, and nothing else. */
const ROUNDS = 3;

/**
 * Colour refinement: a process' colour comes from where it occurs, then from the colours of those with which
 * it occurs. Its rank is its place in the order of colours. A process that occurs nowhere has none, so that
 * others' ranks don't depend on it.
 */
function ranksIn(pieces: readonly Piece[]): readonly number[] {
  const present = new Uint8Array(PROCESSES_MAX);
  for (const { pids } of pieces) for (const pid of pids) present[pid - FIRST_PID] = 1;
  let colours = new Int32Array(PROCESSES_MAX);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Int32Array(PROCESSES_MAX);
    for (const { template, pids } of pieces) {
      let hash = absorb(0x2545f491, template);
      for (const pid of pids) hash = absorb(hash, colours[pid - FIRST_PID] ?? 0);
      for (const [place, pid] of pids.entries()) {
        const index = pid - FIRST_PID;
        next[index] = (next[index] ?? 0) + finish(absorb(hash, place));
      }
    }
    colours = next;
  }
  return ordered(present, colours);
}

function ordered(present: Uint8Array, colours: Int32Array): readonly number[] {
  const indices = IDENTICAL.filter((index) => present[index] === 1);
  indices.sort((a, b) => (colours[a] ?? 0) - (colours[b] ?? 0) || a - b);
  const ranks = new Array<number>(PROCESSES_MAX).fill(0);
  for (const [rank, index] of indices.entries()) ranks[index] = rank;
  return ranks;
}

// --- pieces ------------------------------------------------------------------------------------------------

/** How much of the directory anybody will ever read. */
type Readers = 'callers' | 'candidates-only';

function piecesOf(world: World): readonly Piece[] {
  const pieces: Piece[] = [];
  const readers = readersIn(world);
  for (const process of world.processes) {
    const piece = process.alive ? livingPiece(process) : deadPiece(process, world);
    if (piece !== undefined) pieces.push(piece);
  }
  for (const socket of world.trusted) {
    const owner = processOf(world, Number(socket.split('.')[0]));
    // A daemon does not withdraw.
    if (owner?.alive === true && !isDaemon(owner)) pieces.push(pieceOf(`trusted ${socket}`));
  }
  addEntries(world, readers, pieces);
  pieces.push(pieceOf(restText(world, readers)));
  return pieces;
}

function readersIn(world: World): Readers {
  const calls = ({ alive, program }: Process): boolean =>
    alive && (program.kind === 'obtain' || program.kind === 'kick' || program.kind === 'specimen');
  // Elsewhere a candidate reads who owns a name, and who holds it.
  if (world.system !== 'linux') return 'callers';
  return world.left.restarts > 0 || world.processes.some(calls) ? 'callers' : 'candidates-only';
}

const LIMITS = Object.keys(UNDISTURBED) as (keyof Limits)[];

function restText(world: World, readers: Readers): string {
  const left = LIMITS.map((limit) => world.left[limit]).join();
  return `${left} ${world.spawns.length} ${readers === 'callers' ? world.now.monotonicMs : ''}`;
}

const living = new WeakMap<Process, Piece>();

function livingPiece(process: Process): Piece {
  const known = living.get(process);
  if (known !== undefined) return known;
  const { pid, program, listener, connection, wakeMs, moved, paused, faulted, shaken, parent } = process;
  const isClaim = program.kind === 'claim';
  const traits = [moved, paused, faulted, shaken].map(Number).join('');
  const doing = 'point' in program ? pointText(program.point) : JSON.stringify(program);
  const text = `${pid} ${program.kind} ${traits} ${listener} ${connection} ${wakeMs ?? ''} ${isClaim ? parent : ''} ${doing}`;
  const piece = pieceOf(text);
  living.set(process, piece);
  return piece;
}

/**
 * How often a candidate has looked anew decides nothing before the sixty-fourth time; a search sees who goes
 * round for ever.
 */
const pointText = ({ text }: Point): string => text.replace(/\brounds:\d+/, '');

/**
 * Of who has ended matters what its parent will see, and, where the end of the search looks at it, how it
 * went.
 */
function deadPiece(process: Process, world: World): Piece | undefined {
  const { pid, parent, exit, role, faulted, shaken } = process;
  const watched = processOf(world, parent)?.program.kind === 'obtain';
  const seen = watched ? `${parent} ${exit?.code} ${exit?.signal}` : '';
  const again = world.left.restarts > 0 && wasKilled(process) && !process.replaced ? role : '';
  const verdict = wasKilled(process) || shaken || parent !== 0 ? '' : `${role} ${verdictOf(process)}`;
  const fault = faulted && !shaken ? `faulted ${parent}` : '';
  if (seen === '' && again === '' && verdict === '' && fault === '') return undefined;
  return pieceOf(`${pid} over ${seen} ${again} ${verdict} ${fault}`);
}

const verdictOf = ({ program }: Process): string =>
  program.kind === 'over' ? program.outcome.kind : program.kind;

// --- the directory -----------------------------------------------------------------------------------------

interface Entry {
  readonly name: string;
  readonly readers: Readers;
  readonly piece: Piece;
}

const entries = new WeakMap<tree.Node, Entry>();

function addEntries(world: World, readers: Readers, pieces: Piece[]): void {
  const found = tree.find(world.root, PLACE.directory);
  if (found.kind !== 'node' || found.node.type !== 'directory') return;
  const isUndisturbed = used(world, 'kills') === 0 && used(world, 'faults') === 0;
  const nodes = found.node.entries;
  for (const name in nodes) {
    const node = nodes[name];
    if (node === undefined || (!isUndisturbed && isLitter(world, name, readers))) continue;
    const known = entries.get(node);
    if (known?.name === name && known.readers === readers) {
      pieces.push(known.piece);
      continue;
    }
    const piece = pieceOf(`${name} ${nodeText(node, readers, name === NAMES.lock)}`);
    entries.set(node, { name, readers, piece });
    pieces.push(piece);
  }
}

/**
 * What is on its way out, what its maker won't come back to, and a lock that nobody will look at: no more
 * than leftovers.
 */
function isLitter(world: World, name: string, readers: Readers): boolean {
  if (name.startsWith('trash.')) return true;
  if (name === NAMES.lock) return readers === 'candidates-only' && !world.processes.some(endsLock);
  const maker = makerOf(name);
  const process = maker === undefined ? undefined : processOf(world, maker);
  return process !== undefined && !process.alive;
}

/** A candidate that was started under a spawn lock. */
const endsLock = ({ alive, program, parent }: Process): boolean =>
  alive && program.kind === 'claim' && parent !== 0;

/** Nobody asks when anything was made but the lock, and callers alone read what is in a file. */
function nodeText(node: tree.Node, readers: Readers, isLock: boolean): string {
  switch (node.type) {
    case 'file':
      return readers === 'callers' ? `file ${node.text}` : 'file';
    case 'link':
      return `link ${node.target}`;
    case 'socket':
      return `socket ${node.listener}`;
    case 'directory': {
      const names = Object.keys(node.entries).sort();
      const texts = names.map((name) => {
        const inner = node.entries[name];
        return inner === undefined ? '' : `${name} ${nodeText(inner, readers, false)}`;
      });
      return `directory ${isLock && readers === 'callers' ? node.at : ''} {${texts.join()}}`;
    }
  }
}

// --- texts -------------------------------------------------------------------------------------------------

/** Process ids stand alone among digits, and no time is one: all times are multiples of ten. */
const PID = /(?<![0-9])(10[1-9])(?![0-9])/;

const templates = new Map<string, number>();

function pieceOf(text: string): Piece {
  const parts = text.split(PID);
  const pids: number[] = [];
  let template = parts[0] ?? '';
  for (let index = 1; index < parts.length; index += 2) {
    pids.push(Number(parts[index]));
    template += `#${parts[index + 1] ?? ''}`;
  }
  const known = templates.get(template);
  if (known !== undefined) return { template: known, pids };
  templates.set(template, templates.size + 1);
  return { template: templates.size, pids };
}
