/** A large request that waits for memory: how long, and what it is told. The clock is a fake one. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LARGE_REQUEST_BYTES } from '../../../src/app/environment/free-memory.js';
import { CHUNK, chunkHeader } from '../../../src/app/wire/chunks.js';
import { encodeRequest } from '../../../src/app/wire/request.js';
import { connect, daemon, RawPeer, REQUEST, stalled } from './support.js';

const WAIT_MS = 60_000;
/** Of `QueueNotice`: the next notice, and the end of the wait. */
const TIMERS_OF_A_WAIT = 2;

const LARGE = Buffer.alloc(LARGE_REQUEST_BYTES, 'a');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Reads what comes, and has sent the beginning of a large request. */
async function largeRequest(file: string): Promise<RawPeer> {
  const peer = new RawPeer(await connect(file), 'client').read();
  return peer.send(chunkHeader(CHUNK.longArgument, LARGE.length), LARGE);
}

/** The rest of it. */
const finish = (peer: RawPeer): RawPeer => peer.send(encodeRequest(REQUEST));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** One request has the room for large ones, and another waits for it. Neither has been sent to its end. */
async function crowded(): Promise<{ readonly first: RawPeer; readonly second: RawPeer; calls(): number }> {
  let calls = 0;
  const { file } = await daemon(() => {
    calls += 1;
  });
  const first = await largeRequest(file);
  await until(() => first.socket.writableLength === 0);
  const second = await largeRequest(file);
  await until(() => vi.getTimerCount() === TIMERS_OF_A_WAIT);
  return { first, second, calls: () => calls };
}

it('is refused after a minute, with 69, and the other one is still served', async () => {
  const { first, second, calls } = await crowded();
  vi.advanceTimersByTime(WAIT_MS - 1);
  expect(await stalled(() => second.count(CHUNK.exit))).toBe(0);
  vi.advanceTimersByTime(1);
  await second.until(() => second.count(CHUNK.exit) === 1);
  expect(second.text(CHUNK.errorOutput)).toBe(
    'solod: other large requests take all the memory for them (96 MiB); call again later\n',
  );
  expect(second.text(CHUNK.exit)).toBe('69');
  finish(first);
  await first.until(() => first.count(CHUNK.exit) === 1);
  expect([first.text(CHUNK.exit), calls()]).toEqual(['0', 1]);
});

it('is told while it waits that it has not been forgotten', async () => {
  const { second } = await crowded();
  vi.advanceTimersByTime(50);
  await second.until(() => second.count(CHUNK.errorOutput) === 1);
  vi.advanceTimersByTime(1_000);
  await second.until(() => second.count(CHUNK.errorOutput) === 2);
  expect(second.text(CHUNK.errorOutput)).toBe('');
});

it('is served as soon as there is room, and never refused after that', async () => {
  const { first, second, calls } = await crowded();
  vi.advanceTimersByTime(WAIT_MS - 1);
  first.socket.destroy();
  await until(() => vi.getTimerCount() === 0);
  vi.advanceTimersByTime(WAIT_MS);
  finish(second);
  await second.until(() => second.count(CHUNK.exit) === 1);
  expect([second.text(CHUNK.exit), calls()]).toEqual(['0', 1]);
});
