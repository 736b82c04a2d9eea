import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectReading, SocketProbe } from '../../src/ports/socket-probe.js';
import { memorySocketHost, nodeSocketHost, type SocketHost } from './socket-hosts.js';

const DONE = { kind: 'done' };
const CONNECTED = { kind: 'connected' };
const errno = (code: string) => ({ kind: 'errno', cause: { code, message: expect.any(String) } });

/** Ample for a machine under load; nothing here waits for its end but what is meant to be silent. */
const WITHIN_MS = 5_000;
const SILENT_MS = 100;

/** The sockets of a host, as the claim and its callers rely on them. */
export function socketContract(make: () => Promise<SocketHost>): void {
  let host: SocketHost;
  const at = (name: string): string => `${host.root}/${name}`;
  const connect = (name: string, probe: SocketProbe = host.probe()): Promise<ConnectReading> =>
    host.wait(probe.connect(at(name), WITHIN_MS));
  const mkdir = (name: string): void => expect(host.files.makeDirectory(at(name))).toEqual(DONE);
  const rename = (from: string, to: string): void =>
    expect(host.files.rename(at(from), at(to))).toEqual(DONE);
  const link = (target: string, name: string): void =>
    expect(host.files.makeLink(target, at(name))).toEqual(DONE);
  const typeAt = (name: string): string => {
    const reading = host.files.inspect(at(name));
    return reading.kind === 'entry' ? reading.entry.type : reading.kind;
  };

  beforeEach(async () => {
    host = await make();
  });
  afterEach(() => host.dispose());

  describe('a name without a socket', () => {
    it('that is missing', async () => {
      expect(await connect('missing')).toEqual(errno('ENOENT'));
      expect(await connect('missing/sock')).toEqual(errno('ENOENT'));
      link('missing', 'dangling');
      expect(await connect('dangling/sock')).toEqual(errno('ENOENT'));
    });

    it('that is something else is refused like a socket without a listener', async () => {
      mkdir('d');
      host.files.createFile(at('f'), '');
      expect(await connect('d')).toEqual(errno('ECONNREFUSED'));
      expect(await connect('f')).toEqual(errno('ECONNREFUSED'));
    });

    it('that leads nowhere', async () => {
      host.files.createFile(at('f'), '');
      link('loop', 'loop');
      expect(await connect('f/sock')).toEqual(errno('ENOTDIR'));
      expect(await connect('loop')).toEqual(errno('ELOOP'));
      expect(await connect('loop/sock')).toEqual(errno('ELOOP'));
    });
  });

  describe('a path longer than a socket address holds', () => {
    it('is refused, and never cut off', async () => {
      const long = 'x'.repeat(110 - host.root.length);
      expect((await host.listener().listen(at(long))).kind).not.toBe('done');
      expect((await connect(long)).kind).toBe('errno');
      expect(host.files.list(host.root)).toEqual({ kind: 'names', names: [] });
    });
  });

  describe('listen', () => {
    it('makes a socket that can be connected to', async () => {
      expect(await host.listener().listen(at('sock'))).toEqual(DONE);
      expect(typeAt('sock')).toBe('socket');
      expect(await connect('sock')).toEqual(CONNECTED);
    });

    it.each(['file', 'directory', 'link', 'dead socket'])(
      'finds the name occupied by a %s',
      async (thing) => {
        if (thing === 'file') host.files.createFile(at('sock'), '');
        else if (thing === 'directory') mkdir('sock');
        else if (thing === 'link') link('nowhere', 'sock');
        else await (await host.daemon({ path: at('sock'), answers: 'nothing' })).kill();
        const before = typeAt('sock');
        expect(await host.listener().listen(at('sock'))).toEqual({ kind: 'occupied' });
        expect([typeAt('sock'), typeAt('nowhere')]).toEqual([before, 'absent']);
      },
    );

    it('needs a directory to make it in, and says EACCES where there is none', async () => {
      const missing = { kind: 'failed', cause: { code: 'EACCES', message: expect.any(String) } };
      expect(await host.listener().listen(at('missing/sock'))).toEqual(missing);
    });
  });

  describe('a socket that listens', () => {
    beforeEach(async () => {
      mkdir('tmp.a');
      expect(await host.listener().listen(at('tmp.a/sock'))).toEqual(DONE);
    });

    it('is reached by every name that its directory gets', async () => {
      rename('tmp.a', '1');
      link('1', 'current');
      link('current/sock', 'shortcut');
      for (const name of ['1/sock', 'current/sock', 'shortcut'])
        expect(await connect(name)).toEqual(CONNECTED);
      expect(await connect('tmp.a/sock')).toEqual(errno('ENOENT'));
    });

    it('stays the one that is reached, until the pointer is swapped', async () => {
      rename('tmp.a', '1');
      const dead = await (async () => {
        mkdir('2');
        return host.daemon({ path: at('2/sock'), answers: 'nothing' });
      })();
      await dead.kill();
      link('2', 'current');
      expect(await connect('current/sock')).toEqual(errno('ECONNREFUSED'));
      link('1', 'tmp.link');
      rename('tmp.link', 'current');
      expect(await connect('current/sock')).toEqual(CONNECTED);
    });

    it('is gone with its name, and no later file is taken for it', async () => {
      expect(host.files.removeFile(at('tmp.a/sock'))).toEqual(DONE);
      expect(await connect('tmp.a/sock')).toEqual(errno('ENOENT'));
      host.files.createFile(at('tmp.a/sock'), '');
      expect(await connect('tmp.a/sock')).toEqual(errno('ECONNREFUSED'));
    });
  });

  describe('close', () => {
    it('takes the name away with the socket', async () => {
      const listener = host.listener();
      await listener.listen(at('sock'));
      expect(await listener.close()).toEqual(DONE);
      expect(await connect('sock')).toEqual(errno('ENOENT'));
    });

    it('leaves a socket that was moved away, dead for good', async () => {
      const listener = host.listener();
      mkdir('tmp.a');
      await listener.listen(at('tmp.a/sock'));
      rename('tmp.a', '1');
      await listener.close();
      expect(typeAt('1/sock')).toBe('socket');
      expect(await connect('1/sock')).toEqual(errno('ECONNREFUSED'));
    });

    it('unlinks the name that it bound, also when another socket has it by now', async () => {
      const listener = host.listener();
      mkdir('a');
      await listener.listen(at('a/sock'));
      rename('a', 'b');
      mkdir('a');
      await host.listener().listen(at('a/sock'));
      await listener.close();
      expect(await connect('a/sock')).toEqual(errno('ENOENT'));
    });

    it('is done where nothing listens', async () => {
      const listener = host.listener();
      expect(await listener.close()).toEqual(DONE);
      await listener.listen(at('sock'));
      await listener.close();
      expect(await listener.close()).toEqual(DONE);
    });
  });

  describe('a daemon', () => {
    it('answers', async () => {
      await host.daemon({ path: at('sock'), answers: 'accepted' });
      const probe = host.probe();
      expect(await connect('sock', probe)).toEqual(CONNECTED);
      expect(await host.wait(probe.greet(WITHIN_MS))).toEqual({ kind: 'accepted' });
    });

    it('that says nothing is silent', async () => {
      await host.daemon({ path: at('sock'), answers: 'nothing' });
      const probe = host.probe();
      await connect('sock', probe);
      expect(await host.wait(probe.greet(SILENT_MS))).toEqual({ kind: 'silent' });
    });

    it('that is killed refuses, and leaves its name behind', async () => {
      const daemon = await host.daemon({ path: at('sock'), answers: 'accepted' });
      await daemon.kill();
      expect(await connect('sock')).toEqual(errno('ECONNREFUSED'));
      expect(typeAt('sock')).toBe('socket');
    });

    it('that is killed ends what it had accepted', async () => {
      const daemon = await host.daemon({ path: at('sock'), answers: 'nothing' });
      const probe = host.probe();
      await connect('sock', probe);
      const greeted = probe.greet(WITHIN_MS);
      await daemon.kill();
      expect(await host.wait(greeted)).toEqual({ kind: 'ended' });
    });

    it('that is stopped takes connections and says nothing until it continues', async () => {
      const daemon = await host.daemon({ path: at('sock'), answers: 'accepted' });
      await daemon.stop();
      const [early, late] = [host.probe(), host.probe()];
      expect(await connect('sock', early)).toEqual(CONNECTED);
      expect(await host.wait(early.greet(SILENT_MS))).toEqual({ kind: 'silent' });
      expect(await connect('sock', late)).toEqual(CONNECTED);
      const greeted = late.greet(WITHIN_MS);
      await daemon.resume();
      expect(await host.wait(greeted)).toEqual({ kind: 'accepted' });
    });

    it('that is killed while stopped ends what waits in its queue', async () => {
      const daemon = await host.daemon({ path: at('sock'), answers: 'accepted' });
      await daemon.stop();
      const probe = host.probe();
      await connect('sock', probe);
      await daemon.kill();
      expect(await host.wait(probe.greet(WITHIN_MS))).toEqual({ kind: 'ended' });
    });

    it.skipIf(process.platform !== 'linux')(
      'whose queue is full differs from a dead one: EAGAIN',
      async () => {
        const daemon = await host.daemon({ path: at('sock'), backlog: 1, answers: 'accepted' });
        await daemon.stop();
        // A caller that goes away keeps its place in the queue.
        const probe = host.probe();
        for (let n = 0; n < 2; n += 1) expect(await connect('sock', probe)).toEqual(CONNECTED);
        expect(await connect('sock', probe)).toEqual(errno('EAGAIN'));
        await daemon.resume();
        await expect.poll(() => connect('sock', probe)).toEqual(CONNECTED);
        expect(await host.wait(probe.greet(WITHIN_MS))).toEqual({ kind: 'accepted' });
      },
    );
  });

  it('a greeting without a connection is `ended`', async () => {
    const probe = host.probe();
    expect(await probe.greet(WITHIN_MS)).toEqual({ kind: 'ended' });
    await connect('missing', probe);
    expect(await probe.greet(WITHIN_MS)).toEqual({ kind: 'ended' });
  });
}

describe('sockets in memory', () => socketContract(memorySocketHost));
describe('sockets of node', () => socketContract(nodeSocketHost));
