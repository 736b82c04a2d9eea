/** Files that are held: what Linux, which has no such flag, makes of it, and the adapter in memory. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { nodeWitness } from '../../src/adapters/node/files/held-files.js';

describe('a system that takes no notice of the flag', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'solod-held-'));
  const file = path.join(folder, 'alive');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is found out: a file that is not held proves nothing', () => {
    writeFileSync(file, '');
    const witness = nodeWitness('darwin');
    expect(witness?.hold(file)).toMatchObject({ kind: 'failed', cause: { code: 'ENOTSUP' } });
    expect(existsSync(file)).toBe(false);
  });

  it('has none', () => {
    expect(nodeWitness('linux')).toBeUndefined();
  });
});

describe('a file that a process holds', () => {
  function held() {
    const machine = new MemoryMachine();
    const [holder, other] = [machine.start(), machine.start()];
    expect(holder.ports.witness.hold('/alive')).toEqual({ kind: 'done' });
    return { machine, holder, other: other.ports.witness };
  }

  it('is nobody else’s until that process ends', () => {
    const { holder, other } = held();
    expect([other.look('/alive').kind, other.hold('/alive').kind]).toEqual(['held', 'held']);
    holder.stop();
    expect(other.look('/alive').kind).toBe('held');
    holder.kill();
    expect(other.look('/alive').kind).toBe('free');
    expect(other.hold('/alive').kind).toBe('done');
  });

  it('is held by any name that it has', () => {
    const { machine, other } = held();
    machine.files.rename('/alive', '/moved');
    expect([other.look('/alive').kind, other.look('/moved').kind]).toEqual(['absent', 'held']);
  });

  it('is let go of', () => {
    const { holder, other } = held();
    holder.ports.witness.release('/alive');
    expect(other.look('/alive').kind).toBe('free');
  });

  it('is a file', () => {
    const { machine, other } = held();
    machine.files.makeDirectory('/d');
    expect([other.look('/d').kind, other.look('/none').kind]).toEqual(['wrong-type', 'absent']);
  });
});
