/** What the compiler can't see. Each rule is shown to find a planted violation, and to have read something. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/app/environment/version.js';

const root = path.resolve(import.meta.dirname, '../..');

interface Source {
  readonly file: string;
  readonly text: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file: path.relative(root, file), text: withoutComments(readFileSync(file, 'utf8')) }));
}

/** Good enough for what is looked for: no string in the sources holds what begins a comment and one of the words. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

interface Rule {
  readonly name: string;
  readonly folder: string;
  readonly forbidden: RegExp;
  /** Files to which it does not apply. */
  readonly except?: readonly string[];
  readonly planted: string;
}

const RULES: readonly Rule[] = [
  {
    name: 'ports import nothing but ports',
    folder: 'src/ports',
    forbidden: /(?:from|import\()\s*['"](?!\.\/)[^'"]*['"]/,
    planted: "import { x } from '../domain/failure.js';",
  },
  {
    name: 'the domain imports ports and itself: they are all it knows of the world',
    folder: 'src/domain',
    forbidden: /(?:from|import\()\s*['"](?!\.)[^'"]*['"]|['"][./]*\/(?:adapters|app)\//,
    planted: "import { x } from '../../adapters/errno.js';",
  },
  {
    name: 'the domain reads no ambient time: an event says when it happened',
    folder: 'src/domain',
    forbidden: /\bDate\b|\bperformance\b|\bTemporal\b/,
    planted: 'const now = Date.now();',
  },
  {
    name: 'the domain draws no ambient random numbers: a nonce is given to it',
    folder: 'src/domain',
    forbidden: /Math\.random|\bcrypto\b/,
    planted: 'const nonce = Math.random();',
  },
  {
    name: 'the domain reaches for nothing global',
    folder: 'src/domain',
    forbidden: /\bglobalThis\b|\beval\(|\bFunction\(/,
    planted: "const time = globalThis['Date'];",
  },
  {
    name: 'the container is built in one place',
    folder: 'src',
    forbidden: /['"]inversify['"]|['"]reflect-metadata['"]|new Container\(/,
    except: ['src/app/entry/composition.ts'],
    planted: "import { Container } from 'inversify';",
  },
  {
    name: 'one boundary starts processes',
    folder: 'src',
    forbidden: /child_process|\bcluster\b/,
    // The status line is a service, as its users might write one: what it runs is git, and no daemon.
    // A broker's servers are no daemons either: they end with it.
    except: [
      'src/adapters/node/processes/spawner.ts',
      'src/adapters/node/processes/upstream-process.ts',
      'src/app/status-line/git.ts',
    ],
    planted: "import { fork } from 'node:child_process';",
  },
  {
    name: 'adapters know the domain, not the application',
    folder: 'src/adapters',
    forbidden: /from\s*['"][./]*\/app\//,
    planted: "import { call } from '../../app/call.js';",
  },
  {
    name: 'memfs is for tests',
    folder: 'src',
    forbidden: /['"]memfs['"]|adapters\/memory/,
    except: ['src/adapters/memory/'],
    planted: "import { vol } from 'memfs';",
  },
];

describe('house rules', () => {
  it.each(RULES)('$name', ({ folder, forbidden, except = [], planted }) => {
    const sources = sourcesIn(folder);
    expect(sources.length).toBeGreaterThan(3);
    const found = sources
      .filter(({ file }) => !except.some((allowed) => file.startsWith(allowed)))
      .filter(({ text }) => forbidden.test(text))
      .map(({ file }) => file);
    expect(found).toEqual([]);
    for (const allowed of except) expect(sources.some(({ file }) => file.startsWith(allowed))).toBe(true);
    expect(forbidden.test(withoutComments(planted))).toBe(true);
  });

  it('the version that is printed is the one that is published', () => {
    expect(VERSION).toBe(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version);
  });

  it('no directive switches the compiler off', () => {
    const silenced = sourcesIn('src').filter(({ file }) =>
      /@ts-(?:ignore|nocheck|expect-error)/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(silenced.map(({ file }) => file)).toEqual([]);
  });
});
