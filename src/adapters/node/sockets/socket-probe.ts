import { connect } from 'node:net';
import type { Cause } from '../../../ports/readings.js';
import type { ConnectReading } from '../../../ports/socket-probe.js';
import { RUNTIME } from '../runtime.js';
import { dialled, HeldConnection } from './held-connection.js';
import { socketPathProblem } from './socket-path.js';

const refused = (cause: Cause): ConnectReading => ({
  kind: RUNTIME.vagueConnectCodes.includes(cause.code) ? 'vague-errno' : 'errno',
  cause,
});

export class NodeSocketProbe extends HeldConnection {
  async dial(path: string, withinMs: number) {
    const problem = socketPathProblem(path);
    if (problem !== undefined) return { reading: { kind: 'errno', cause: problem } } as const;
    const socket = connect(path);
    return { reading: await dialled(socket, withinMs, refused), socket };
  }
}
