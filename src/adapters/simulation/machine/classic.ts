/**
 * The classic way to one daemon, as a specimen: bind the well-known path; if it is taken, connect to it, and
 * again; if both are refused, unlink it and bind once more. It is here to be found out: a search that finds
 * nothing wrong with it is broken.
 */

import { join } from '../../../domain/place/layout.js';
import * as tree from './file-tree.js';
import {
  type Advanced,
  type ClassicState,
  listensBehind,
  PLACE,
  type Process,
  type Program,
  update,
  type World,
} from './simulated-state.js';

const PATH = join(PLACE.directory, 'sock');

export function advanceClassic(world: World, process: Process, state: ClassicState): Advanced {
  switch (state.kind) {
    case 'binding':
      return bind(world, process, state.tries);
    case 'listening': {
      const listening = { ...process, listener: `${process.pid}.${process.bound - 1}` };
      return goOn(world, listening, 'listen(sock)', 'done', { kind: 'serving', generation: 'none' });
    }
    case 'probing':
      return probe(world, process, state.time);
    case 'unlinking': {
      const { root, reading } = tree.removeFile(world.root, PATH, 0);
      return goOn(
        { ...world, root },
        process,
        'unlink(sock)',
        reading.kind,
        classic({ kind: 'binding', tries: 1 }),
      );
    }
  }
}

const classic = (state: ClassicState): Program => ({ kind: 'classic', state });

function bind(world: World, process: Process, tries: number): Advanced {
  const listener = `${process.pid}.${process.bound}`;
  const { root, reading } = tree.create(world.root, PATH, { type: 'socket', listener, at: 0 });
  if (reading.kind === 'done') {
    const bound = { ...process, bound: process.bound + 1 };
    return goOn({ ...world, root }, bound, 'bind(sock)', 'done', classic({ kind: 'listening' }));
  }
  if (tries > 0) return giveWay(world, process, 'bind(sock)', 'EADDRINUSE');
  return goOn(world, process, 'bind(sock)', 'EADDRINUSE', classic({ kind: 'probing', time: 1 }));
}

function probe(world: World, process: Process, time: 1 | 2): Advanced {
  const found = tree.find(world.root, PATH);
  const socket = found.kind === 'node' && found.node.type === 'socket' ? found.node.listener : '';
  if (listensBehind(world, socket) !== undefined)
    return giveWay(world, process, 'connect(sock)', 'connected');
  const answer = found.kind === 'absent' ? 'ENOENT' : 'ECONNREFUSED';
  const next: ClassicState = time === 1 ? { kind: 'probing', time: 2 } : { kind: 'unlinking' };
  return goOn(world, process, 'connect(sock)', answer, classic(next));
}

function giveWay(world: World, process: Process, call: string, answer: string): Advanced {
  const outcome = { kind: 'gives-way' } as const;
  return goOn(world, { ...process, alive: false }, call, answer, { kind: 'over', outcome });
}

function goOn(world: World, process: Process, call: string, answer: string, program: Program): Advanced {
  const next = { ...process, program, moved: true };
  return { world: update(world, next), made: () => ({ pid: process.pid, call, answer }) };
}
