/** How many system calls the answer of a call takes: what leaves in one is one entry. */

import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServiceFunction } from '../../../src/app/service/define-service.js';
import { ChunkDecoder, DAEMON_GRAMMAR } from '../../../src/app/wire/chunks.js';
import { encodeRequest } from '../../../src/app/wire/client.js';
import { CallServer } from '../../../src/app/wire/server.js';
import { gate, REQUEST } from './support.js';

const HEAD = encodeRequest({ ...REQUEST, caller: JSON.stringify({ keep: true }) });

/** A connection that tells what is written to it, and with what it is written together. */
class Wire extends Duplex {
  readonly writes: string[] = [];
  readonly #decoder = new ChunkDecoder(DAEMON_GRAMMAR);
  #waiters: (() => void)[] = [];

  override _read(): void {}

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    this._writev([{ chunk: bytes }], done);
  }

  override _writev(pieces: { chunk: Buffer }[], done: () => void): void {
    const bytes = Buffer.concat(pieces.map(({ chunk }) => chunk));
    const texts = this.#decoder
      .decode(bytes)
      .map((decoded) => (decoded.kind === 'violation' ? '?' : `${decoded.type}${decoded.bytes}`));
    this.writes.push(texts.join(' '));
    for (const wake of this.#waiters.splice(0)) wake();
    done();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** @returns what was written for it until its exit code */
  async call(): Promise<string[]> {
    const before = this.writes.length;
    this.push(HEAD);
    await this.until(() => this.writes.at(-1)?.includes('kept') === true && this.writes.length > before);
    return this.writes.slice(before);
  }
}

function serving(run: ServiceFunction): Wire {
  const wire = new Wire();
  new CallServer({ admit: () => ({ kind: 'accepted', run }) }).accept(wire);
  return wire;
}

const ONE_BY_ONE = ['1', '1out', 'X0 kept'];
const TOGETHER = ['1', '1out X0 kept'];

let passingMs = 0;

beforeEach(() => {
  passingMs = 0;
  let nowMs = 0;
  vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => {
    nowMs += passingMs;
    return BigInt(nowMs) * 1_000_000n;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the answer of a call', () => {
  it.each<[string, ServiceFunction]>([
    ['returns', ({ stdout }) => void stdout.write('out')],
    ['resolves', async ({ stdout }) => void stdout.write('out')],
  ])(
    'leaves together after a short call, but never with the word that it has begun, where a service %s',
    async (_, run) => {
      const wire = serving(run);
      expect([await wire.call(), await wire.call(), await wire.call()]).toEqual([
        ONE_BY_ONE,
        TOGETHER,
        TOGETHER,
      ]);
    },
  );

  it('leaves piece by piece where the calls take more than a turn', async () => {
    const wire = serving(async ({ stdout }) => {
      stdout.write('out');
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect([await wire.call(), await wire.call()]).toEqual([ONE_BY_ONE, ONE_BY_ONE]);
  });

  it('leaves piece by piece where a turn takes long', async () => {
    passingMs = 5;
    const wire = serving(({ stdout }) => void stdout.write('out'));
    expect([await wire.call(), await wire.call()]).toEqual([ONE_BY_ONE, ONE_BY_ONE]);
  });

  it('shows what a long call has written though the one before was short', async () => {
    const end = gate();
    let calls = 0;
    const wire = serving(async ({ stdout }) => {
      stdout.write('out');
      if (++calls > 1) await end.opened;
    });
    await wire.call();
    const second = wire.call();
    await wire.until(() => wire.writes.length === 5);
    expect(wire.writes.slice(3)).toEqual(['1', '1out']);
    end.open();
    expect(await second).toEqual(ONE_BY_ONE);
  });

  it('has all that was written before its exit code, however much that is', async () => {
    const wire = serving(({ stdout, stderr }) => {
      for (const text of ['a', 'b', '', 'c']) stdout.write(text);
      stderr.write('d');
      stderr.write('e');
    });
    for (let n = 0; n < 3; n++) {
      const all = (await wire.call()).join(' ');
      expect(all.replace(/ ?1/g, '').split(' ').at(-2)).toMatch(/^X0$/);
      expect(
        all
          .match(/1([abc]*)/g)
          ?.join('')
          .replaceAll('1', ''),
      ).toBe('abc');
      expect(
        all
          .match(/2([de]*)/g)
          ?.join('')
          .replaceAll('2', ''),
      ).toBe('de');
    }
  });
});
