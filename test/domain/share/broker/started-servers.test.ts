/** The servers that a broker has started, written down and found again. */

import { expect, it } from 'vitest';
import { livingServers, serverLine, serversIn } from '../../../../src/domain/share/broker/started-servers.js';

const own = { pid: 1, startTime: 'broker', bootId: 'boot', pidNamespace: 'ns' };

it('what is written is read again, and a line that was cut off is left out', () => {
  const text = serverLine(own, { pid: 7, startTime: 'a' }) + serverLine(own, { pid: 8, startTime: 'b' });
  expect(serversIn(text)).toEqual([
    { ...own, pid: 7, startTime: 'a' },
    { ...own, pid: 8, startTime: 'b' },
  ]);
  expect(serversIn(text.slice(0, -10))).toHaveLength(1);
  expect(serversIn('')).toEqual([]);
});

it('only the process that was started lives, not another one with its id', () => {
  const servers = ['a', 'b', 'c', ''].map((startTime, n) => ({ ...own, pid: n + 7, startTime }));
  const lookUp = (pid: number) =>
    pid === 9
      ? ({ kind: 'gone' } as const)
      : ({ kind: 'present', startTime: 'a', activity: 'running' } as const);
  expect(livingServers(servers, own, lookUp)).toEqual([7]);
});
