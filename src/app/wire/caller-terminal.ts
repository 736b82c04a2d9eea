/** A call's stream that leads to a terminal of the caller's: it knows what `tty` knows of one. */

import type { Readable, Writable } from 'node:stream';
import type { Terminal } from '../environment/terminals.js';

/** They go by what the stream has: its columns, its colours, its `write`. */
const METHODS = [
  ...['getColorDepth', 'hasColors', 'clearLine', 'clearScreenDown', 'cursorTo', 'moveCursor'],
  'getWindowSize',
] as const;

/** @param terminal with its size where the caller has said it; a later change of that is not told */
export function likeTerminalOutput(stream: Writable, terminal: Terminal): void {
  const { prototype } = process.getBuiltinModule('node:tty').WriteStream;
  const methods = METHODS.map((name) => [name, Reflect.get(prototype, name) as unknown] as const);
  const [columns, rows] = typeof terminal === 'string' ? terminal.split('x').map(Number) : [];
  Object.assign(stream, Object.fromEntries(methods), {
    isTTY: true,
    ...(columns === undefined ? {} : { columns, rows }),
    getWindowSize: () => [columns, rows],
  });
}

export function likeTerminalInput(stream: Readable): void {
  const setRawMode = (): never => {
    const message = "ENOTSUP: a daemon's call can't switch its caller's terminal to raw mode";
    throw Object.assign(new Error(message), { code: 'ENOTSUP' });
  };
  Object.assign(stream, { isTTY: true, isRaw: false, setRawMode });
}
