/** The table of places: derived in memory, by Node and by the native client from the same files. */

import { spawnSync } from 'node:child_process';
import { chmodSync, lchownSync, lutimesSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import type { Look } from '../../../src/domain/place/trusted-path.js';
import { BUILD_MS, hasCargo, LEFT_OUT } from '../../native/client.js';
import { expected, SITUATIONS, type Situation, tellPlace } from './situation.js';

const isRoot = process.getuid?.() === 0;
const NOT_ROOT = isRoot ? '' : ' (skipped: only root makes files of other users)';

it('has at least 30 situations, each with a name of its own', () => {
  expect(SITUATIONS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(SITUATIONS.map(({ name }) => name)).size).toBe(SITUATIONS.length);
});

/** Makes what a situation has, above before below. */
function stage(
  { items, records }: Situation,
  make: (at: string, item: { owner: number; mode: number; link?: string | undefined }) => void,
  touch: (at: string, atMs: number) => void,
): void {
  for (const [at, { owner, mode = '0777', link }] of items)
    make(at, { owner, mode: Number.parseInt(mode, 8), link });
  for (const [root, { of, machine, touchedMs }] of records) {
    make(`${root}/.scope`, { owner: 1000, mode: 0o700 });
    make(`${root}/.scope/of`, { owner: 1000, mode: 0o777, link: of });
    make(`${root}/.scope/machine`, { owner: 1000, mode: 0o777, link: machine });
    touch(`${root}/.scope`, touchedMs);
  }
}

describe('in memory', () => {
  it.each(SITUATIONS)('$name', (situation) => {
    const { disk, files } = new MemoryMachine({ userId: 0 });
    stage(
      situation,
      (at, { owner, mode, link }) => {
        const type = link === undefined ? 'directory' : 'link';
        if (at === '/') Object.assign(disk.get(at, 'keep', 'stat'), { userId: owner, mode });
        else disk.create(at, { type, userId: owner, mode }, 'open', link);
      },
      (at, atMs) => Object.assign(disk.get(at, 'keep', 'stat'), { modifiedMs: atMs }),
    );
    expect(tellPlace(situation, files)).toEqual(expected(situation));
  });
});

describe.skipIf(!isRoot)(`on a disk${NOT_ROOT}`, () => {
  let box = '';
  beforeAll(() => {
    box = mkdtempSync(path.join(tmpdir(), 'solod-places-'));
    for (const [n, situation] of SITUATIONS.entries()) {
      const top = path.join(box, String(n));
      stage(
        situation,
        (at, { owner, mode, link }) => {
          const real = top + at;
          if (link === undefined) {
            mkdirSync(real, { recursive: true });
            chmodSync(real, mode);
          } else symlinkSync(link, real);
          lchownSync(real, owner, owner);
        },
        (at, atMs) => lutimesSync(top + at, atMs / 1_000, atMs / 1_000),
      );
    }
  });
  afterAll(() => rmSync(box, { recursive: true, force: true }));

  /** The files of a situation, as if they were the whole file system. */
  const lookBelow = (top: string): Look => {
    const { inspect, readLink } = nodeFileSystem();
    return { inspect: (at) => inspect(top + at), readLink: (at) => readLink(top + at) };
  };

  it.each(SITUATIONS.map((situation, n) => ({ name: situation.name, situation, n })))(
    'by Node: $name',
    ({ situation, n }) => {
      expect(tellPlace(situation, lookBelow(path.join(box, String(n))))).toEqual(expected(situation));
    },
  );

  it.skipIf(!hasCargo)(
    `natively, all of them${LEFT_OUT}`,
    () => {
      const cwd = path.resolve(import.meta.dirname, '../../../native');
      const run = ['run', '--release', '--quiet', '--offline', '--locked', '--bin', 'places', '--', box];
      const input = JSON.stringify(SITUATIONS);
      const { stdout, stderr } = spawnSync('cargo', run, { cwd, input, encoding: 'utf8', timeout: BUILD_MS });
      expect(stderr).toBe('');
      const lines = stdout.trim().split('\n');
      const told = lines.map((line, n) => [SITUATIONS[n]?.name, JSON.parse(line)]);
      expect(told).toEqual(SITUATIONS.map((situation) => [situation.name, expected(situation)]));
    },
    BUILD_MS,
  );
});
