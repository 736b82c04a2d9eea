/** What the kernel knows of listening sockets. What solod says about its own sockets does not count here. */
import { readOr } from '../support/processes.mjs';

/** SO_ACCEPTCON, in the flags that /proc/net/unix shows: the socket listens. */
const LISTENING = 0x10000;

/**
 * @typedef {{ inode: string, path: string }} ListeningSocket
 * @param {string} under only sockets that are bound to a path that begins with it
 * @returns {ListeningSocket[]}
 */
export function listeningSockets(under) {
  const found = [];
  for (const line of readOr('/proc/net/unix').split('\n')) {
    const start = line.indexOf(under);
    if (start < 0) continue;
    const [, , , flags = '', , , inode = ''] = line.slice(0, start).split(/\s+/);
    if ((Number.parseInt(flags, 16) & LISTENING) !== 0) found.push({ inode, path: line.slice(start) });
  }
  return found;
}
