/** The warm way takes a place only where `derivePlace` leads to the same one. */

import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import { warmPlace } from '../../../src/app/place/warm-place.js';
import { derivePlace } from '../../../src/domain/place/derive-place.js';
import { placeOf, recordLayout, recordOf } from '../../../src/domain/place/layout.js';
import { partOf } from '../../../src/domain/place/scope.js';
import type { Environment } from '../../../src/ports/environment.js';

const SCOPE = 'boot.1.2.3';
const userId = process.getuid?.() ?? 0;
const isRoot = userId === 0;

let box = '';
beforeEach(() => {
  box = mkdtempSync(path.join(tmpdir(), 'solod-warm-place-'));
});
afterEach(() => rmSync(box, { recursive: true, force: true }));

const at = (...names: string[]): string => path.join(box, ...names);

/** A state directory with the record of a scope and the directory of a name. */
function make(root: string, of = SCOPE): string {
  mkdirSync(path.join(root, 'name'), { recursive: true, mode: 0o700 });
  mkdirSync(recordLayout.directory(root), { recursive: true });
  symlinkSync(of, recordOf(root));
  return root;
}

function warm(env: Environment): string | undefined {
  try {
    return warmPlace('name', env, userId, 'linux', SCOPE);
  } catch {
    return undefined;
  }
}

function whole(env: Environment): string | undefined {
  const caller = {
    userId,
    env,
    directory: process.cwd(),
    home: () => undefined,
    scope: () => SCOPE,
    machine: () => ({ machine: 'm', bootedMs: 0, wallMs: 0 }),
  };
  const derived = derivePlace(caller, nodeFileSystem());
  return derived.kind === 'place' ? placeOf(derived.root, 'name', userId, 'linux').directory : undefined;
}

interface Row {
  readonly name: string;
  readonly stage: () => Environment;
  readonly way: 'warm' | 'whole';
}

const SOLOD_DIR = (): string => make(at('state'));
const STATE = ['.local', 'state', 'solod'];

const rows: readonly Row[] = [
  { name: 'SOLOD_DIR', stage: () => ({ SOLOD_DIR: SOLOD_DIR() }), way: 'warm' },
  {
    name: 'SOLOD_DIR, relative',
    stage: () => ({ SOLOD_DIR: path.relative(process.cwd(), SOLOD_DIR()) }),
    way: 'warm',
  },
  {
    name: 'SOLOD_DIR, by way of a link',
    stage: () => {
      symlinkSync('.', at('link'));
      return { SOLOD_DIR: path.join(box, 'link', path.basename(SOLOD_DIR())) };
    },
    way: 'warm',
  },
  {
    name: 'SOLOD_DIR that is a link',
    stage: () => {
      symlinkSync(SOLOD_DIR(), at('link'));
      return { SOLOD_DIR: at('link') };
    },
    way: 'whole',
  },
  {
    name: 'a part',
    stage: () => {
      const root = make(at('state'), 'boot.other');
      make(partOf(root, SCOPE));
      return { SOLOD_DIR: root };
    },
    way: 'warm',
  },
  {
    name: "another scope's",
    stage: () => ({ SOLOD_DIR: make(at('state'), 'boot.other') }),
    way: 'whole',
  },
  {
    name: 'no record',
    stage: () => {
      rmSync(recordLayout.directory(SOLOD_DIR()), { recursive: true });
      return { SOLOD_DIR: at('state') };
    },
    way: 'whole',
  },
  {
    name: 'others may write above',
    stage: () => {
      const root = make(at('open', 'state'));
      chmodSync(at('open'), 0o777);
      return { SOLOD_DIR: root };
    },
    way: 'whole',
  },
  {
    name: 'others may write above, with the sticky bit',
    stage: () => {
      const root = make(at('open', 'state'));
      chmodSync(at('open'), 0o1777);
      return { SOLOD_DIR: root };
    },
    way: 'warm',
  },
  {
    name: 'others may write to it, with the sticky bit',
    stage: () => {
      chmodSync(SOLOD_DIR(), 0o1777);
      return { SOLOD_DIR: at('state') };
    },
    way: 'whole',
  },
  {
    name: 'the directory of the name is open',
    stage: () => {
      chmodSync(path.join(SOLOD_DIR(), 'name'), 0o755);
      return { SOLOD_DIR: at('state') };
    },
    way: 'whole',
  },
  {
    name: 'a path that is too long',
    stage: () => ({ SOLOD_DIR: make(at('l'.repeat(80))) }),
    way: 'whole',
  },
  { name: 'HOME', stage: () => ({ HOME: box, SOLOD_DIR: make(at(...STATE)) && '' }), way: 'warm' },
  {
    name: 'HOME by way of a link',
    stage: () => {
      make(at('data', ...STATE));
      symlinkSync('data', at('home'));
      return { HOME: at('home') };
    },
    way: 'warm',
  },
  {
    name: 'XDG_STATE_HOME before HOME',
    stage: () => {
      make(at(...STATE));
      make(at('xdg', 'solod'));
      return { HOME: box, XDG_STATE_HOME: at('xdg') };
    },
    way: 'warm',
  },
  {
    name: 'XDG_STATE_HOME that is not there',
    stage: () => {
      make(at(...STATE));
      return { HOME: box, XDG_STATE_HOME: at('xdg') };
    },
    way: 'whole',
  },
  {
    name: 'XDG_STATE_HOME that is relative',
    stage: () => {
      make(at(...STATE));
      return { HOME: box, XDG_STATE_HOME: 'xdg' };
    },
    way: 'whole',
  },
  {
    name: 'XDG_RUNTIME_DIR, after HOME',
    stage: () => {
      make(at(...STATE));
      make(at('run', 'solod'));
      return { HOME: box, XDG_RUNTIME_DIR: at('run') };
    },
    way: 'warm',
  },
];

it.each(rows)('$name: $way', ({ stage, way }) => {
  const env = stage();
  const found = warm(env);
  expect(found === undefined ? 'whole' : 'warm').toBe(way);
  if (found !== undefined) expect(found).toBe(whole(env));
});

it.skipIf(!isRoot)('what belongs to another user is left to the whole command, wherever it is', () => {
  const root = make(at('above', 'state'));
  const env = { SOLOD_DIR: root };
  expect(warm(env)).toBe(whole(env));
  for (const foreign of [at('above'), root, path.join(root, 'name')]) {
    chownSync(foreign, 4242, 4242);
    expect(warm(env), foreign).toBeUndefined();
    chownSync(foreign, 0, 0);
  }
  make(at(...STATE));
  chownSync(box, 4242, 4242);
  expect(warm({ HOME: box })).toBeUndefined();
  chownSync(box, 0, 0);
  expect(warm({ HOME: box })).toBe(whole({ HOME: box }));
  renameSync(recordLayout.directory(at(...STATE)), at('away'));
  expect(warm({ HOME: box })).toBeUndefined();
});

it('has the directory that the whole command takes, where the file system ignores case', () => {
  const root = make(at('state'));
  const env = { SOLOD_DIR: root };
  const { directory } = placeOf(root, 'Name', userId, 'darwin');
  mkdirSync(directory, { mode: 0o700 });
  expect(warmPlace('Name', env, userId, 'darwin', SCOPE)).toBe(directory);
  expect(directory.toLowerCase()).not.toBe(path.join(root, 'name').toLowerCase());
});
