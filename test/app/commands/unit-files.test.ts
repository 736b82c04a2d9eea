/** The text of units: every path arrives unchanged, and nothing in it has a special meaning. */

import { describe, expect, it } from 'vitest';
import {
  isWrittenFor,
  type Unit,
  unfitText,
  unitFiles,
} from '../../../src/app/commands/install/unit-files.js';
import { takeHandedCount } from '../../../src/app/daemon/handed-socket.js';

const unit = (changes: Partial<Unit> = {}): Unit => ({
  target: { label: 'tool' },
  directory: '/run/user/1/solod/tool',
  listener: '/run/user/1/solod/tool/listen.sock',
  command: ['/usr/bin/node', '/opt/solod.cjs', 'serve', '--', '/srv/tool.mjs'],
  ...changes,
});

const lineOf = (text: string | undefined, key: string): string | undefined =>
  text?.split('\n').find((line) => line.startsWith(`${key}=`));

describe('systemd', () => {
  it('a socket and a service of one name', () => {
    const [socket, service] = unitFiles(unit());
    expect(socket?.name).toBe('solod-tool.socket');
    expect(service?.name).toBe('solod-tool.service');
    expect(lineOf(socket?.text, 'ListenStream')).toBe('ListenStream=/run/user/1/solod/tool/listen.sock');
    expect(lineOf(service?.text, 'ExecStart')).toBe(
      'ExecStart=":/usr/bin/node" "/opt/solod.cjs" "serve" "--" "/srv/tool.mjs"',
    );
  });

  it('a project has no instance for a unit', () => {
    const [socket] = unitFiles(unit({ target: { label: 'tool@0abc' } }));
    expect(socket?.name).toBe('solod-tool-at-0abc.socket');
  });

  it.each([
    ['/a b', '"/a b"'],
    ['/100%', '"/100%%"'],
    ['/a"b', '"/a\\"b"'],
    ['/a\\b', '"/a\\\\b"'],
    ["/a'b", '"/a\'b"'],
    ['/$HOME', '"/$HOME"'],
    ['/a;b', '"/a;b"'],
    ['', '""'],
  ])('the word %s', (word, written) => {
    const [, service] = unitFiles(unit({ command: ['/node', word] }));
    expect(lineOf(service?.text, 'ExecStart')).toBe(`ExecStart=":/node" ${written}`);
  });

  it('a path is not quoted where systemd takes the rest of the line', () => {
    const [socket] = unitFiles(unit({ listener: '/a b/50%/listen.sock' }));
    expect(lineOf(socket?.text, 'ListenStream')).toBe('ListenStream=/a b/50%%/listen.sock');
  });
});

it('the daemon that a file is written for is recognised', () => {
  const directory = '/a %&<b>/tool';
  for (const { text } of unitFiles(unit({ directory }))) {
    expect(isWrittenFor(text, directory)).toBe(true);
    expect(isWrittenFor(text, '/a %&<b>/too')).toBe(false);
    expect(isWrittenFor(text, '/other/tool')).toBe(false);
  }
  expect(isWrittenFor('[Unit]\n', directory)).toBe(false);
});

it.each(['/a\nb', '/a\tb', '/a ', '\u0000'])('%j is not written into a unit', (word) => {
  expect(unfitText(unit({ command: ['/node', word] }))).toBe(word);
});

describe('the number of sockets that a manager hands over', () => {
  it.each([
    [{ LISTEN_PID: '7', LISTEN_FDS: '1' }, 1],
    [{ LISTEN_PID: '7', LISTEN_FDS: '2' }, 2],
    [{ LISTEN_PID: '8', LISTEN_FDS: '1' }, 0],
    [{ LISTEN_FDS: '1' }, 0],
    [{ LISTEN_PID: '7' }, 0],
    [{ LISTEN_PID: '7', LISTEN_FDS: 'x' }, 0],
  ])('%j: %i', (variables, count) => {
    const env: NodeJS.ProcessEnv = { ...variables, LISTEN_FDNAMES: 'x', KEPT: 'y' };
    expect(takeHandedCount(env, 7)).toBe(count);
    expect(env).toEqual({ KEPT: 'y' });
  });
});
