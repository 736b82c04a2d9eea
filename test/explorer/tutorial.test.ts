/** The simulation's README opens with a program: that is the one that runs, and it says what stands there. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tutorial } from './tutorial.js';

const readme = readFileSync(
  path.resolve(import.meta.dirname, '../../src/adapters/simulation/README.md'),
  'utf8',
);
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map(([, language, text]) => ({
  language,
  text,
}));

describe('the README of the simulation', () => {
  it('has the program of the tutorial, word for word', () => {
    const program = readFileSync(path.join(import.meta.dirname, 'tutorial.ts'), 'utf8').trimEnd();
    expect(blocks.filter(({ language }) => language === 'ts')).toEqual([{ language: 'ts', text: program }]);
  });

  it('tells what that program says: the story of the race, and that there is none without it', () => {
    const [race, none] = tutorial();
    expect(blocks.filter(({ language }) => language === '').map(({ text }) => text)).toEqual([race, none]);
    expect(race).toContain('two daemons serve');
    expect(none).toContain('nothing wrong');
  });

  it('names files that are there, and all of them', () => {
    const rows = [...readme.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/[\w-]+\/[\w-]+\.ts/g) ?? [],
    );
    const folder = path.resolve(import.meta.dirname, '../../src/adapters/simulation');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect([...rows].sort()).toEqual(files.sort());
  });
});
