import { readFileSync, readlinkSync } from 'node:fs';
import type { Identity } from '../../../domain/evidence/identity.js';
import type { ProcessReading, SignalReading, TerminationSignal } from '../../../ports/process-table.js';
import { causeOf } from '../../errno.js';
import type { Processes } from '../../own-processes.js';
import { readBoot, statFields, textOf } from './proc-files.js';

/** The process table as `/proc` shows it; without a `/proc`, as kill(2) with signal 0 does. */
export class NodeProcessTable implements Processes {
  #self: Identity | undefined;

  lookUp(pid: number): ProcessReading {
    if (process.platform !== 'linux') return lookUpBySignal(pid);
    try {
      return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      // The process is gone (ENOENT, or ESRCH if it ended during the read), or /proc is not mounted, or hides
      // it (hidepid).
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

  ancestors(): readonly number[] {
    const found: number[] = [];
    for (let pid = process.ppid; pid > 0 && !found.includes(pid); pid = parentOf(pid)) found.push(pid);
    return found;
  }

  /** Read once. */
  self(): Identity {
    this.#self ??= this.#readSelf();
    return this.#self;
  }

  #readSelf(): Identity {
    const own = this.lookUp(process.pid);
    return {
      pid: process.pid,
      startTime: own.kind === 'present' ? own.startTime : '',
      bootId: readBoot(),
      pidNamespace: textOf('/proc/self/ns/pid', readlinkSync),
    };
  }
}

function parseStat(stat: string): ProcessReading {
  const fields = statFields(stat);
  const [state = ''] = fields;
  const activity = /[ZX]/.test(state) ? 'zombie' : /[Tt]/.test(state) ? 'stopped' : 'running';
  // Field 22, the start time.
  return { kind: 'present', startTime: fields[19] ?? '', activity };
}

/** @returns field 4 of proc_pid_stat(5); 0 if it can't be read */
function parentOf(pid: number): number {
  return Number(statFields(textOf(`/proc/${pid}/stat`))[1] ?? 0) || 0;
}

/** kill(2): only ESRCH is certain. A process that is there may be another one, because ids are used again. */
function lookUpBySignal(pid: number): ProcessReading {
  try {
    process.kill(pid, 0);
    return { kind: 'present', startTime: '', activity: 'running' };
  } catch (error) {
    const cause = causeOf(error);
    return cause.code === 'ESRCH' ? { kind: 'gone' } : { kind: 'hidden', cause };
  }
}
