import { readFileSync, readlinkSync } from 'node:fs';
import type { Identity } from '../../../domain/evidence/identity.js';
import type {
  ProcessReading,
  ProcessTable,
  SignalReading,
  TerminationSignal,
} from '../../../ports/process-table.js';
import { causeOf } from '../../errno.js';

/** The process table as `/proc` shows it, or, where there is none, as kill(2) with signal 0 does. */
export class NodeProcessTable implements ProcessTable {
  lookUp(pid: number): ProcessReading {
    if (process.platform !== 'linux') return lookUpBySignal(pid);
    try {
      return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      // Not there: gone, or hidden from us (a /proc that is not mounted, or mounted with hidepid). Or it ended while it was
      // read, which is ESRCH.
      return lookUpBySignal(pid);
    }
  }

  signal(pid: number, signal: TerminationSignal): SignalReading {
    try {
      process.kill(pid, signal);
      return { kind: 'done' };
    } catch (error) {
      const cause = causeOf(error);
      return cause.code === 'ESRCH' ? { kind: 'absent' } : { kind: 'failed', cause };
    }
  }

  /** The parent of this process, its parent, and so on, as far as they can be seen. */
  ancestors(): readonly number[] {
    const found: number[] = [];
    for (let pid = process.ppid; pid > 0 && !found.includes(pid); pid = parentOf(pid)) found.push(pid);
    return found;
  }

  #self: Identity | undefined;

  /** Who this process is, for as long as it lives. What the system does not tell is left empty. */
  self(): Identity {
    this.#self ??= this.#readSelf();
    return this.#self;
  }

  #readSelf(): Identity {
    const own = this.lookUp(process.pid);
    return {
      pid: process.pid,
      startTime: own.kind === 'present' ? own.startTime : '',
      bootId: readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
      pidNamespace: readOr(() => readlinkSync('/proc/self/ns/pid')),
    };
  }
}

/** proc_pid_stat(5): the command name, in parentheses, may hold anything; after its last ")" come the state, and field 22. */
export function parseStat(stat: string): ProcessReading {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  const activity = /[ZX]/.test(state) ? 'zombie' : /[Tt]/.test(state) ? 'stopped' : 'running';
  return { kind: 'present', startTime: fields[19] ?? '', activity };
}

/** proc_pid_stat(5), field 4; 0 where it is not known. */
function parentOf(pid: number): number {
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0) || 0;
}

/** kill(2): ESRCH is the one definitive answer. A process that is there may be any process, since ids are used again. */
function lookUpBySignal(pid: number): ProcessReading {
  try {
    process.kill(pid, 0);
    return { kind: 'present', startTime: '', activity: 'running' };
  } catch (error) {
    const cause = causeOf(error);
    return cause.code === 'ESRCH' ? { kind: 'gone' } : { kind: 'hidden', cause };
  }
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
