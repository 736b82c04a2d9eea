import type { MemoryProgram } from '../../adapters/memory/memory-machine.js';
import { EXIT } from '../environment/exit-codes.js';
import { memoryHost } from '../platforms/memory-platform.js';
import type { ServiceFunction } from '../service/define-service.js';
import { CONTROL } from '../wire/control.js';
import { CallServer } from '../wire/server.js';
import { claimName } from './claim-name.js';

/**
 * The daemon of a service, as a program for a memory machine: `call` starts it in place of node.
 *
 * @param run answers each call; it gets the caller's arguments, streams and environment, and runs in the
 * process of the test
 * @returns a program to be installed as `/usr/bin/node`
 */
export const serviceDaemon =
  (run: ServiceFunction): MemoryProgram =>
  async (process) => {
    const option = (name: string): string | undefined => {
      const flag = `--${name}=`;
      return process.args.find((arg) => arg.startsWith(flag))?.slice(flag.length);
    };
    const [name = '', stateDirectory, project] = ['name', 'state-dir', 'project'].map(option);
    const claimed = await claimName(memoryHost(process), { name, stateDirectory, project });
    if (claimed.kind === 'failed') throw new Error(claimed.failure.kind);
    if (claimed.kind === 'gave-way') return process.exit(EXIT.ok);
    const calls = new CallServer({
      admit: ({ command }) => ({ kind: 'accepted', run: command === CONTROL.ping ? () => 0 : run }),
    });
    claimed.serve((connection) => calls.accept(connection));
  };
