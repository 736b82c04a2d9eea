import type { HoldReading, Witness, WitnessReading } from '../../../ports/witness.js';
import { refusedRead } from '../../errno.js';
import { BORN_WITH, type Inode, type MemoryDisk } from './disk.js';

/** A process that may hold files. */
interface Holder {
  readonly userId: number;
  readonly activity: 'running' | 'stopped' | 'zombie' | 'gone';
}

/** A file is held whatever its name is by now. */
const holders = new WeakMap<Inode, Holder>();

function holderOf(inode: Inode | undefined): Holder | undefined {
  const holder = inode && holders.get(inode);
  return holder?.activity === 'running' || holder?.activity === 'stopped' ? holder : undefined;
}

/** One process's view of the files that are held. */
export class MemoryWitness implements Witness {
  readonly #held = new Map<string, Inode>();

  constructor(
    private readonly disk: MemoryDisk,
    private readonly holder: Holder,
  ) {}

  hold(path: string): HoldReading {
    return this.#reading(path, (found) => {
      const { userId } = this.holder;
      const inode = found ?? this.disk.create(path, { type: 'file', userId, mode: BORN_WITH.file });
      holders.set(inode, this.holder);
      this.#held.set(path, inode);
      return { kind: 'done' } as const;
    });
  }

  release(path: string): { readonly kind: 'done' } {
    const inode = this.#held.get(path);
    if (inode !== undefined) holders.delete(inode);
    this.#held.delete(path);
    return { kind: 'done' };
  }

  look(path: string): WitnessReading {
    return this.#reading(path, (found) => ({ kind: found === undefined ? 'absent' : 'free' }) as const);
  }

  #reading<R>(path: string, act: (found: Inode | undefined) => R) {
    try {
      const { inode } = this.disk.find(path, 'keep', 'open');
      if (holderOf(inode) !== undefined) return { kind: 'held' } as const;
      return inode === undefined || inode.type === 'file' ? act(inode) : ({ kind: 'wrong-type' } as const);
    } catch (error) {
      return refusedRead(error);
    }
  }
}
