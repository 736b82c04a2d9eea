import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { CHUNK, CREDIT_OFFER, chunk, chunkHeader } from '../../../src/app/wire/chunks.js';
import { CallConnection, encodeRequest } from '../../../src/app/wire/client.js';
import {
  AMPLE_MS,
  acceptedCall,
  collector,
  connect,
  countedSource,
  listen,
  MIB,
  patterned,
  type RawDaemon,
  RawPeer,
  REQUEST,
  rawDaemon,
  stalled,
} from './support.js';

const ACCEPTED = chunk(CHUNK.output);
const exit = (code: number | string): Buffer => chunk(CHUNK.exit, String(code));

/** Completes a call with outputs that are collected. */
function complete({ connection }: RawDaemon, stdin?: Readable | (() => Readable), signal?: AbortSignal) {
  const [stdout, stderr] = [collector(), collector()];
  const end = connection.complete({ stdin, stdout: stdout.stream, stderr: stderr.stream, signal });
  return { end, stdout: () => stdout.bytes().toString(), stderr: () => stderr.bytes().toString() };
}

/** Takes nothing, ever. */
const stuck = (): Writable => new Writable({ write: () => {} });

describe('the first word', () => {
  it.each([
    ['an empty chunk of stdout', ACCEPTED, { kind: 'accepted' }],
    ['a chunk of stdout that is on its way', chunkHeader(CHUNK.output, 2).fill('1', 4), { kind: 'accepted' }],
    ['a request for input', chunk(CHUNK.inputRequest), { kind: 'accepted' }],
    ['a line and 75', Buffer.concat([chunk(CHUNK.errorOutput, 'later\n'), exit(75)]), { kind: 'draining' }],
    ['75 alone', exit(75), { kind: 'draining' }],
    [
      'a reason and a code',
      Buffer.concat([chunk(CHUNK.errorOutput, 'Error: ä'), chunk(CHUNK.errorOutput, '\n  at x\n'), exit(70)]),
      { kind: 'declined', message: 'Error: ä\n  at x', exitCode: 70 },
    ],
    [
      'an empty chunk of stderr, which says nothing, and then acceptance',
      Buffer.concat([chunk(CHUNK.errorOutput), ACCEPTED]),
      { kind: 'accepted' },
    ],
    [
      'another wire',
      Buffer.from('HTTP/1.1 400 Bad Request\r\n'),
      { kind: 'declined', message: 'what answers there sent a chunk of the unknown type 47', exitCode: 69 },
    ],
    ['a code that is none', exit('none'), { kind: 'declined', message: '', exitCode: 69 }],
  ])('is %s', async (_, bytes, reading) => {
    const { connection, peer } = await rawDaemon();
    const more =
      reading.kind === 'accepted' && bytes.length === 5 && bytes[3] === 2 ? Buffer.from('ok') : undefined;
    peer.read().send(bytes, ...(more === undefined ? [] : [more]));
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual(reading);
  });

  it('is understood byte by byte', async () => {
    const { connection, peer } = await rawDaemon();
    const greeted = connection.greet(REQUEST, AMPLE_MS);
    for (const byte of Buffer.concat([chunk(CHUNK.errorOutput, 'why'), exit(66)])) {
      await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await greeted).toEqual({ kind: 'declined', message: 'why', exitCode: 66 });
  });

  it('never comes: the connection ended, at whatever byte before it', async () => {
    const answer = Buffer.concat([chunk(CHUNK.errorOutput, 'half'), ACCEPTED]);
    for (let cut = 0; cut < answer.length; cut++) {
      const { connection, peer } = await rawDaemon();
      const greeted = connection.greet(REQUEST, AMPLE_MS);
      peer.socket.end(answer.subarray(0, cut));
      expect(await greeted).toEqual({ kind: 'ended' });
    }
  });

  it('never comes: the daemon was gone before the request', async () => {
    const { connection, peer } = await rawDaemon();
    peer.socket.destroy();
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual({ kind: 'ended' });
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual({ kind: 'ended' });
  });

  it('may take as long as the daemon says that the request is queued', async () => {
    const { connection, peer } = await rawDaemon();
    peer.read().send(chunk(CHUNK.errorOutput));
    const greeted = connection.greet(REQUEST, 200);
    await new Promise((resolve) => setTimeout(resolve, 400));
    peer.send(chunk(CHUNK.errorOutput), ACCEPTED);
    expect(await greeted).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['ends', Buffer.alloc(0), { kind: 'ended', progress: 'queued' }],
    ['drains', exit(75), { kind: 'draining', progress: 'queued' }],
    ['declines', exit(69), { kind: 'declined', message: '', exitCode: 69 }],
  ])('does not come: the request is queued, and the daemon %s', async (_, bytes, reading) => {
    const { connection, peer } = await rawDaemon();
    peer.read().send(chunk(CHUNK.errorOutput), bytes);
    peer.socket.end();
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual(reading);
  });

  it('does not come within the time: the connection is closed, and nobody can begin any more', async () => {
    const { connection, peer } = await rawDaemon();
    peer.read();
    expect(await connection.greet(REQUEST, 1)).toEqual({ kind: 'silent' });
    await peer.closed();
  });

  it('has come while nobody read, and counts although the time is over', async () => {
    const { connection, peer } = await rawDaemon();
    peer.read().send(ACCEPTED);
    const greeting = connection.greet(REQUEST, 1);
    // As a process that was stopped: its timers are due and its socket unread in the same turn.
    const until = performance.now() + 50;
    while (performance.now() < until);
    expect(await greeting).toEqual({ kind: 'accepted' });
  });

  it('that is there already counts, however late the caller gets to read it, and ends nothing', async () => {
    const { connection, peer } = await rawDaemon();
    let hungUp = false;
    peer.read().socket.once('end', () => {
      hungUp = true;
    });
    const greeted = connection.greet(REQUEST, 1);
    peer.send(ACCEPTED);
    // Not a turn of the event loop until the time is over: a process that is stopped meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    expect(await greeted).toEqual({ kind: 'accepted' });
    const { end } = complete({ connection, peer });
    await stalled(() => peer.chunks.length);
    expect(hungUp).toBe(false);
    peer.send(exit(0));
    expect(await end).toEqual({ kind: 'exited', code: 0 });
  });

  it('that refuses ends the connection', async () => {
    const { connection, peer } = await rawDaemon();
    peer.read().send(exit(75));
    await connection.greet(REQUEST, AMPLE_MS);
    await peer.closed();
  });

  it('is asked for in one write', async () => {
    const writes: number[] = [];
    const { peer } = await rawDaemon();
    const socket = peer.socket;
    const write = socket.write.bind(socket);
    socket.write = (bytes: Buffer) => {
      writes.push(bytes.length);
      return write(bytes);
    };
    const request = { ...REQUEST, args: ['a', 'b'], env: { A: '1', B: '2' } };
    void new CallConnection(socket).greet(request, AMPLE_MS);
    expect(writes).toEqual([encodeRequest(request).length]);
  });
});

describe('a call', () => {
  it('loses nothing of what came along with its acceptance', async () => {
    const call = await rawDaemon();
    call.peer.send(ACCEPTED, chunk(CHUNK.output, 'a'), chunk(CHUNK.errorOutput, 'b'), exit(3));
    expect(await call.connection.greet(REQUEST, AMPLE_MS)).toEqual({ kind: 'accepted' });
    await stalled(() => call.peer.socket.bytesWritten);
    const { end, stdout, stderr } = complete(call);
    expect(await end).toEqual({ kind: 'exited', code: 3 });
    expect([stdout(), stderr()]).toEqual(['a', 'b']);
  });

  it('that is accepted, and not yet carried out, gathers nothing', async () => {
    const call = await acceptedCall();
    call.peer.socket.write(chunkHeader(CHUNK.output, 2 ** 32 - 1));
    countedSource(64 * MIB).stream.pipe(call.peer.socket, { end: false });
    const sent = (): number => call.peer.socket.bytesWritten - call.peer.socket.writableLength;
    expect(await stalled(sent)).toBeLessThan(2 * MIB);
    call.connection.close();
    await call.peer.closed();
  });

  it('ends with its exit code, whether the daemon closes then or not', async () => {
    const call = await acceptedCall();
    const { end } = complete(call);
    call.peer.send(exit(200));
    expect(await end).toEqual({ kind: 'exited', code: 200 });
    await call.peer.closed();
  });

  it('waits for its output to be written', async () => {
    const call = await acceptedCall();
    const pending: (() => void)[] = [];
    const written: string[] = [];
    const slow = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        pending.push(() => {
          written.push(bytes.toString());
          done();
        });
      },
    });
    const stderr = collector();
    const end = call.connection.complete({ stdin: undefined, stdout: slow, stderr: stderr.stream });
    let ended = false;
    void end.then(() => {
      ended = true;
    });
    call.peer.send(chunk(CHUNK.output, 'one'), chunk(CHUNK.output, 'two'), exit(0));
    await stalled(() => pending.length);
    expect([ended, pending.length]).toEqual([false, 1]);
    for (let write = pending.shift(); write !== undefined; write = pending.shift()) {
      write();
      await stalled(() => pending.length);
    }
    expect(await end).toEqual({ kind: 'exited', code: 0 });
    expect(written).toEqual(['one', 'two']);
  });

  it('leaves its outputs as it found them', async () => {
    const call = await acceptedCall();
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const streams = [stdout.resume(), stderr.resume(), stdin];
    const listeners = (): number[] =>
      streams.map((stream) => stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0));
    const before = listeners();
    const signal = new AbortController().signal;
    const end = call.connection.complete({ stdin, stdout, stderr, signal });
    call.peer.send(chunk(CHUNK.inputRequest));
    stdin.write('x');
    await call.peer.until(() => call.peer.count(CHUNK.input) === 1);
    call.peer.send(chunk(CHUNK.inputRequest), chunk(CHUNK.output, 'out'), exit(0));
    expect(await end).toEqual({ kind: 'exited', code: 0 });
    await stalled(() => 0);
    expect(listeners()).toEqual(before);
    expect(streams.map((stream) => stream.writable)).toEqual([true, true, true]);
    expect(stdin.readableFlowing).toBe(false);
  });
});

describe('a call that is lost', () => {
  it('says so, at whatever byte after its acceptance the connection ends', async () => {
    const answer = Buffer.concat([chunk(CHUNK.output, 'x'), chunk(CHUNK.inputRequest), exit(0)]);
    for (let cut = 0; cut < answer.length; cut++) {
      const call = await acceptedCall();
      const { end, stdout } = complete(call);
      call.peer.socket.end(answer.subarray(0, cut));
      const lost = await end;
      expect(lost).toMatchObject({ kind: 'lost', cause: { code: 'EOF' } });
      expect(stdout()).toBe(cut > 5 ? 'x' : '');
    }
  });

  it('says so when the daemon is killed', async () => {
    const call = await acceptedCall();
    const { end } = complete(call, countedSource(64 * MIB).stream);
    // Unread bytes on its side: the kernel reports a reset.
    call.peer.socket.pause();
    call.peer.send(chunk(CHUNK.inputRequest));
    await stalled(() => call.peer.socket.bytesRead);
    call.peer.socket.destroy();
    expect(await end).toMatchObject({ kind: 'lost' });
  });

  it('says so when what came between greeting and completing was the end', async () => {
    const call = await acceptedCall();
    call.peer.socket.destroy();
    await stalled(() => 0);
    expect(await complete(call).end).toMatchObject({ kind: 'lost' });
  });

  it.each([
    ['an unknown chunk', chunk('Q' as 'A'), /unknown type 81/],
    ['an exit code that is none', exit('zero'), /holds no exit code, but "zero"/],
    ['an exit code that is too large', exit(256), /"256"/],
  ])('says so when the daemon sends %s', async (_, bytes, words) => {
    const call = await acceptedCall();
    const { end } = complete(call);
    call.peer.send(bytes);
    const lost = await end;
    expect(lost).toMatchObject({
      kind: 'lost',
      cause: { code: 'EPROTO', message: expect.stringMatching(words) },
    });
    await call.peer.closed();
  });
});

describe('input', () => {
  it('is not touched unless it is asked for', async () => {
    const call = await acceptedCall();
    const source = countedSource(MIB);
    let opened = 0;
    const { end } = complete(call, () => {
      opened++;
      return source.stream;
    });
    call.peer.send(chunk(CHUNK.output, 'hello'), exit(0));
    await end;
    expect([opened, source.taken(), source.stream.readableFlowing]).toEqual([0, 0, null]);
  });

  it('goes out one chunk for each request, and then the end, as often as it is asked for', async () => {
    const call = await acceptedCall();
    const { end } = complete(call, Readable.from(['a', Buffer.from('b'), 'ü']));
    for (let asked = 1; asked <= 3; asked++) {
      call.peer.send(chunk(CHUNK.inputRequest));
      await call.peer.until(() => call.peer.count(CHUNK.input) === asked);
      await stalled(() => call.peer.chunks.length);
      expect(call.peer.count(CHUNK.input)).toBe(asked);
    }
    for (let asked = 1; asked <= 2; asked++) {
      call.peer.send(chunk(CHUNK.inputRequest));
      await call.peer.until(() => call.peer.count(CHUNK.inputEnd) === asked);
    }
    expect(call.peer.text(CHUNK.input)).toBe('abü');
    call.peer.send(exit(0));
    await end;
  });

  it('is taken no further than it is asked for', async () => {
    const call = await acceptedCall();
    const source = countedSource(64 * MIB);
    const { end } = complete(call, source.stream);
    call.peer.send(chunk(CHUNK.inputRequest));
    await call.peer.until(() => call.peer.count(CHUNK.input) === 1);
    expect(await stalled(source.taken)).toBeLessThanOrEqual(192 * 1024);
    call.peer.send(exit(0));
    await end;
  });

  it('is offered on credit with the first chunk, and then sent until the credit is used', async () => {
    const call = await acceptedCall();
    const { peer } = call;
    const done = complete(
      call,
      Readable.from([Buffer.from('first'), Buffer.from('0123456789'), Buffer.from('ab')]),
    );
    peer.send(chunk(CHUNK.inputRequest));
    await peer.until(() => peer.text(CHUNK.input) === 'first');
    expect(peer.text(CHUNK.heartbeat)).toBe(CREDIT_OFFER);
    peer.send(chunk(CHUNK.inputRequest, '4'));
    await peer.until(() => peer.text(CHUNK.input) === 'first0123');
    await stalled(() => peer.chunks.length);
    expect(peer.text(CHUNK.input)).toBe('first0123');
    peer.send(chunk(CHUNK.inputRequest, '7'));
    await peer.until(() => peer.text(CHUNK.input) === 'first0123456789a');
    expect(peer.count(CHUNK.inputEnd)).toBe(0);
    peer.send(chunk(CHUNK.inputRequest, '100'));
    await peer.until(() => peer.count(CHUNK.inputEnd) === 1);
    expect(peer.text(CHUNK.input)).toBe('first0123456789ab');
    peer.send(exit(0));
    expect(await done.end).toEqual({ kind: 'exited', code: 0 });
  });

  it('of a terminal is not offered on credit: what is typed next may be for another program', async () => {
    const call = await acceptedCall();
    const { peer } = call;
    const done = complete(call, Object.assign(Readable.from([Buffer.from('line')]), { isTTY: true }));
    peer.send(chunk(CHUNK.inputRequest));
    await peer.until(() => peer.text(CHUNK.input) === 'line');
    expect(peer.text(CHUNK.heartbeat)).toBe('');
    peer.send(exit(0));
    await done.end;
  });

  it('that is one huge block goes out in parts', async () => {
    const call = await acceptedCall();
    const block = patterned(2 * MIB + 5);
    const { end } = complete(call, Readable.from([block]));
    for (const length of [MIB, 2 * MIB, block.length]) {
      call.peer.send(chunk(CHUNK.inputRequest));
      await call.peer.until(() => call.peer.bytes(CHUNK.input).length === length);
    }
    call.peer.send(chunk(CHUNK.inputRequest));
    await call.peer.until(() => call.peer.count(CHUNK.inputEnd) === 1);
    expect(call.peer.bytes(CHUNK.input).equals(block)).toBe(true);
    call.peer.send(exit(0));
    await end;
  });

  it('that there is none of is at its end', async () => {
    const ended = new PassThrough();
    ended.end();
    await new Promise((resolve) => ended.resume().once('end', resolve));
    for (const stdin of [undefined, ended, new PassThrough().destroy()]) {
      const call = await acceptedCall();
      const { end } = complete(call, stdin);
      call.peer.send(chunk(CHUNK.inputRequest));
      await call.peer.until(() => call.peer.count(CHUNK.inputEnd) === 1);
      call.peer.send(exit(0));
      expect(await end).toEqual({ kind: 'exited', code: 0 });
    }
  });

  it('that can not be read cancels the call, and says why', async () => {
    const call = await acceptedCall();
    const broken = new Readable({
      read() {
        this.destroy(Object.assign(new Error('is a directory'), { code: 'EISDIR' }));
      },
    });
    const { end } = complete(call, broken);
    call.peer.send(chunk(CHUNK.inputRequest));
    const cause = { code: 'EISDIR', message: 'is a directory' };
    expect(await end).toEqual({ kind: 'cancelled', by: 'stdin', cause });
    await call.peer.closed();
  });

  it('that comes just when the daemon has answered and gone does not cost the answer', async () => {
    const call = await acceptedCall();
    const stdin = new PassThrough();
    const { end, stdout } = complete(call, stdin);
    call.peer.send(chunk(CHUNK.inputRequest));
    await stalled(() => call.peer.chunks.length);
    // All in one turn, before the client can read any of it.
    const answer = patterned(100_000);
    call.peer.send(chunk(CHUNK.output, answer), exit(4));
    call.peer.socket.destroy();
    stdin.write('too late');
    expect(await end).toEqual({ kind: 'exited', code: 4 });
    expect(stdout().length).toBe(answer.toString().length);
  });
});

describe('output that nobody takes', () => {
  it.each(['stdout', 'stderr'] as const)('holds the daemon back: %s', async (name) => {
    const call = await acceptedCall();
    const streams = {
      stdin: undefined,
      stdout: collector().stream,
      stderr: collector().stream,
      [name]: stuck(),
    };
    const cancelled = new AbortController();
    const end = call.connection.complete({ ...streams, signal: cancelled.signal });
    const type = name === 'stdout' ? CHUNK.output : CHUNK.errorOutput;
    call.peer.socket.write(chunkHeader(type, 2 ** 32 - 1));
    countedSource(64 * MIB).stream.pipe(call.peer.socket, { end: false });
    const sent = (): number => call.peer.socket.bytesWritten - call.peer.socket.writableLength;
    expect(await stalled(sent)).toBeLessThan(2 * MIB);
    cancelled.abort();
    expect(await end).toEqual({ kind: 'cancelled', by: 'signal' });
  });

  it('keeps input back as well, and lets it go on afterwards', async () => {
    const call = await acceptedCall();
    const pending: (() => void)[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (_bytes, _encoding, done) => void pending.push(done),
    });
    const stdin = new PassThrough();
    const end = call.connection.complete({ stdin, stdout: slow, stderr: collector().stream });
    call.peer.send(chunk(CHUNK.inputRequest), chunk(CHUNK.output, 'x'));
    await stalled(() => pending.length);
    stdin.write('in');
    await stalled(() => call.peer.chunks.length);
    expect(call.peer.count(CHUNK.input)).toBe(0);
    pending.shift()?.();
    await call.peer.until(() => call.peer.count(CHUNK.input) === 1);
    call.peer.send(exit(0));
    expect(await end).toEqual({ kind: 'exited', code: 0 });
  });

  it('is taken later, with the exit code that has long been there, though the daemon has gone', async () => {
    const call = await acceptedCall();
    const taken: Buffer[] = [];
    const pending: (() => void)[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (bytes: Buffer, _encoding, done) => {
        taken.push(bytes);
        pending.push(done);
      },
    });
    const stdin = new PassThrough();
    const end = call.connection.complete({ stdin, stdout: slow, stderr: collector().stream });
    const answer = patterned(150_000);
    call.peer.send(chunk(CHUNK.inputRequest), chunk(CHUNK.output, answer.subarray(0, 1000)));
    await stalled(() => pending.length);
    call.peer.send(chunk(CHUNK.output, answer.subarray(1000)), exit(6));
    call.peer.socket.destroy();
    stdin.write('input that nobody waits for any more');
    await stalled(() => pending.length);
    for (let done = pending.shift(); done !== undefined; done = pending.shift()) {
      done();
      await stalled(() => pending.length);
    }
    expect(await end).toEqual({ kind: 'exited', code: 6 });
    expect(Buffer.concat(taken).equals(answer)).toBe(true);
  });
});

describe('a caller that gives up', () => {
  it('closes the connection', async () => {
    const call = await acceptedCall();
    const cancelled = new AbortController();
    const { end } = complete(call, undefined, cancelled.signal);
    cancelled.abort();
    expect(await end).toEqual({ kind: 'cancelled', by: 'signal' });
    await call.peer.closed();
  });

  it('may have done so before', async () => {
    const call = await acceptedCall();
    expect(await complete(call, undefined, AbortSignal.abort()).end).toEqual({
      kind: 'cancelled',
      by: 'signal',
    });
    await call.peer.closed();
  });

  it('does so when the reader of an output has gone', async () => {
    for (const name of ['stdout', 'stderr'] as const) {
      const call = await acceptedCall();
      const broken = new Writable({
        write: (_bytes, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
      });
      const streams = {
        stdin: undefined,
        stdout: collector().stream,
        stderr: collector().stream,
        [name]: broken,
      };
      const end = call.connection.complete(streams);
      call.peer.send(chunk(name === 'stdout' ? CHUNK.output : CHUNK.errorOutput, 'x'));
      const cause = { code: 'EPIPE', message: 'write EPIPE' };
      expect(await end).toEqual({ kind: 'cancelled', by: name, cause });
      await call.peer.closed();
    }
  });
});

describe('an attempt on something else', () => {
  it('does not fail on a listener that hangs up at once', async () => {
    const file = await listen((socket) => socket.destroy());
    const connection = new CallConnection(await connect(file));
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual({ kind: 'ended' });
  });

  it('does not gather an endless refusal', async () => {
    const file = await listen((socket) => {
      const peer = new RawPeer(socket, 'daemon').read();
      peer.send(chunkHeader(CHUNK.errorOutput, 2 ** 32 - 1));
      countedSource(64 * MIB).stream.pipe(socket);
    });
    const reading = await new CallConnection(await connect(file)).greet(REQUEST, AMPLE_MS);
    expect(reading).toMatchObject({ kind: 'declined', exitCode: 70 });
  });
});
