/** What procedures rely on in sockets. */

import { judgeConnect } from '../../domain/evidence/connect-verdict.js';
import type { ConnectReading } from '../../ports/socket-probe.js';
import { type Checks, type ContractHost, expect } from './check.js';

const WITHIN_MS = 5_000;

export const SOCKETS: Checks = {
  'a name that nothing has is absent': async (host, at) => {
    const reading = await connect(host, at('none'));
    expect(judgeConnect(reading, host.platform), 'absent', 'connect to nothing');
  },
  'a socket listens as soon as it has its name, and by any name that it is given': async (host, at) => {
    host.files.makeDirectory(at('private'));
    expect(await host.wait(host.listener().listen(at('private/sock'))), 'done', 'listen');
    expect(await connect(host, at('private/sock')), 'connected', 'connect');
    host.files.makeDirectory(at('public'));
    expect(host.files.rename(at('private/sock'), at('public/sock')), 'done', 'rename');
    expect(await connect(host, at('public/sock')), 'connected', 'connect');
  },
  'a name is taken once': async (host, at) => {
    expect(await host.wait(host.listener().listen(at('sock'))), 'done', 'listen');
    expect(await host.wait(host.listener().listen(at('sock'))), 'occupied', 'a second listen');
  },
  'a plain file is not a socket': async (host, at) => {
    host.files.createFile(at('sock'), 'text');
    expectNobody(host, await connect(host, at('sock')), 'connect to a file');
  },
  'a listener that was closed is not alive': async (host, at) => {
    const listener = host.listener();
    await host.wait(listener.listen(at('sock')));
    expect(await host.wait(listener.close()), 'done', 'close');
    expectNobody(host, await connect(host, at('sock')), 'connect to a listener that was closed');
  },
};

export const connect = (host: ContractHost, path: string): Promise<ConnectReading> =>
  host.wait(host.probe().connect(path, WITHIN_MS));

/** Whatever shows a daemon, or leaves one possible, would keep a name from everybody. */
export function expectNobody({ platform }: ContractHost, reading: ConnectReading, what: string): void {
  const { kind } = judgeConnect(reading, platform);
  if (kind === 'alive' || kind === 'unknown' || kind === 'own')
    throw new Error(`${what}: nobody listens there, and the verdict is ${kind}: ${JSON.stringify(reading)}`);
}
