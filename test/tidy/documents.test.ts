/** What the documents name is there: files, folders, npm scripts, and the headings that links lead to. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MISSING_PATHS } from './exceptions.js';
import { expectOnly, filesAtRoot, planted, ROOT, readSources, type Source } from './repository.js';

/** Made by a build or a run, so not in a checkout. */
const GENERATED =
  /^(?:dist|reports|site|native\/(?:target|platform)|(?:tools\/)?bench\/(?:results|peers\/node_modules))(?:\/|$)/;
const OF_THE_REPOSITORY = /^(?:src|test|tools|scripts|docs|native|examples|bench)\//;
const FILE_NAME = /^[\w-]+(?:\.[\w-]+)*\.(?:ts|mjs|rs|md|json)$/;
/** Files of the user, as the documents tell of them. */
const OF_OTHERS = new Set([
  'package.json',
  'owner.json',
  'settings.json',
  'upper.mjs',
  'shout.mjs',
  'CHANGELOG.md',
]);

const documents = (): Source[] => [...filesAtRoot(/\.md$/), ...readSources(ROOT, 'docs', /\.md$/)];

interface Known {
  /** Tracked files and the folders that they lie in. */
  readonly paths: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  readonly scripts: ReadonlySet<string>;
  /** By document. */
  readonly headings: ReadonlyMap<string, ReadonlySet<string>>;
}

function repository(): Known {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return known(listed.split('\n').filter(Boolean), Object.keys(manifest.scripts), documents());
}

const known = (files: readonly string[], scripts: readonly string[], texts: readonly Source[]): Known => ({
  paths: new Set(files.flatMap((file) => [file, ...foldersAbove(file)])),
  names: new Set(files.map((file) => path.posix.basename(file))),
  scripts: new Set([...scripts, 'ci', 'start', 'test']),
  headings: new Map(texts.map(({ file, text }) => [file, headingsIn(text)])),
});

function foldersAbove(file: string): string[] {
  const folder = path.posix.dirname(file);
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)];
}

/** As they stand in a link: GitHub's rule. */
const headingsIn = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );

/** What a document names, and does not exist. */
function missingIn({ file, text }: Source, { paths, names, scripts, headings }: Known): string[] {
  const withoutBlocks = text.replace(/^```[\s\S]*?^```$/gm, '');
  const code = [...withoutBlocks.matchAll(/`([^`\n]+)`/g)].map(([, inner = '']) => inner);
  const links = [...withoutBlocks.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const commands = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name);
  return [
    ...code.filter((token) => !isThere(token)),
    ...links.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(target)),
    ...commands.filter((name) => !scripts.has(name)).map((name) => `npm run ${name}`),
  ];

  function isThere(token: string): boolean {
    const clean = token.replace(/\/$/, '');
    if (/[*{<…$ ]/.test(clean) || GENERATED.test(clean)) return true;
    if (OF_THE_REPOSITORY.test(token)) return paths.has(clean) || paths.has(fromDocument(clean));
    return !FILE_NAME.test(clean) || names.has(clean) || OF_OTHERS.has(clean);
  }

  function leadsSomewhere(target: string): boolean {
    const [to = '', heading] = target.split('#');
    const document = to === '' ? file : fromDocument(to);
    if (heading === undefined) return paths.has(document.replace(/\/$/, ''));
    return headings.get(document)?.has(heading) ?? false;
  }

  function fromDocument(relative: string): string {
    return path.posix.join(path.posix.dirname(file), relative);
  }
}

describe('what the documents name', () => {
  it('exists', () => {
    const there = repository();
    const read = documents();
    expect(read.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md']),
    );
    const missing = read.flatMap((document) =>
      missingIn(document, there).map((what) => `${document.file}: ${what}`),
    );
    expectOnly(missing, MISSING_PATHS);
  });

  const THERE = known(
    ['src/app/a.ts', 'docs/b.md'],
    ['build'],
    [planted('docs/b.md', '# What is it, really?'), planted('A.md', '')],
  );

  it.each([
    ['`src/app/a.ts`, `src/app`, `src/app/`, `a.ts`, [a](src/app/a.ts) and `node -e 0`'],
    ['[b](docs/b.md#what-is-it-really), [c](https://example.org/none)'],
    ['`dist/index.js`, `src/*/c.ts`, `npm run build`, `application/json`'],
    ['```sh\ncat `src/none.ts`\n```'],
  ])('is found where it is: %s', (text) => {
    expect(missingIn(planted('A.md', text), THERE)).toEqual([]);
  });

  it.each([
    ['`src/app/none.ts`', 'src/app/none.ts'],
    ['`src/none/`', 'src/none/'],
    ['`none.ts`', 'none.ts'],
    ['[b](docs/none.md)', 'docs/none.md'],
    ['[b](docs/b.md#none)', 'docs/b.md#none'],
    ['[here](#none)', '#none'],
    ['`npm run none`', 'npm run none'],
  ])('is missed where it is not: %s', (text, what) => {
    expect(missingIn(planted('A.md', text), THERE)).toEqual([what]);
  });

  it('is looked for from where the document is', () => {
    const at = (text: string) => missingIn(planted('docs/b.md', text), THERE);
    expect(at('[a](../src/app/a.ts), [b](b.md)')).toEqual([]);
    expect(at('[a](src/app/a.ts)')).toEqual(['src/app/a.ts']);
  });
});

it('no heading has code in it: TypeDoc leaves that out of the place that a link leads to, GitHub does not', () => {
  const codedIn = (text: string): string[] =>
    [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ .*`.*$/gm)].map(([line]) => line);
  expect(documents().flatMap(({ text }) => codedIn(text))).toEqual([]);
  expect(codedIn('## What `stats` counts\n```sh\n# `x`\n```\n')).toEqual(['## What `stats` counts']);
});
