import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'solod-layers-'));
  symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
  symlinkSync(path.join(root, 'src'), path.join(scratch, 'src'));
  writeFileSync(path.join(scratch, 'package.json'), '{ "type": "module" }');
});

afterEach(() => rmSync(scratch, { recursive: true, force: true }));

/** Compiles one more file as if it stood in a layer, with that layer's own compiler options. */
function compileIn(layer: string, source: string): string {
  const { compilerOptions } = JSON.parse(
    readFileSync(path.join(root, 'src', layer, 'tsconfig.json'), 'utf8'),
  );
  const { tsBuildInfoFile: _, outDir: __, rootDir: ___, ...options } = compilerOptions;
  writeFileSync(path.join(scratch, 'planted.ts'), source);
  writeFileSync(
    path.join(scratch, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(root, 'tsconfig.base.json'),
      compilerOptions: {
        ...options,
        composite: false,
        declaration: false,
        emitDeclarationOnly: false,
        noEmit: true,
      },
      files: ['planted.ts'],
    }),
  );
  try {
    execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', scratch], {
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

describe.each(['ports', 'domain'])('what reads the world does not compile in %s', (layer) => {
  it.each([
    ["import fs from 'node:fs';\nexport const x = fs;", /node:fs/],
    ["import { z } from 'zod';\nexport const x: number = z.nonsense;", /nonsense|zod/],
    ['export const x = setTimeout(() => {}, 1);', /setTimeout/],
    ['export const x = process.pid;', /process/],
    ['export const x = Buffer.from("");', /Buffer/],
    ['export const x = fetch("x");', /fetch/],
    ['export const x = performance.now();', /performance/],
    ['export const x = crypto.randomUUID();', /crypto/],
    ['console.log(1);\nexport {};', /console/],
  ])('%s', (source, complaint) => {
    expect(compileIn(layer, source)).toMatch(complaint);
  });

  it('an innocent file does', () => {
    expect(compileIn(layer, 'export const x: number = 1;')).toBe('');
  });
});

describe('a layer refers only to those below it', () => {
  it.each([
    ['ports', []],
    ['domain', ['../ports']],
    ['adapters', ['../ports', '../domain']],
    ['app', ['../ports', '../domain', '../adapters']],
  ])('%s', (layer, allowed) => {
    const { references = [] } = JSON.parse(
      readFileSync(path.join(root, 'src', layer, 'tsconfig.json'), 'utf8'),
    );
    expect(references.map((reference: { path: string }) => reference.path)).toEqual(allowed);
  });
});
