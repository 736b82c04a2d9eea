import path from 'node:path';
import { build } from 'esbuild';
import { expect } from 'vitest';
import { adapterContract } from '../../../src/adapters/contract/contract.js';
import { ROOT } from './sandbox.js';

/** Puts the program that checks the adapters of a system into that directory. @returns its path */
export async function contractProgram(directory: string): Promise<string> {
  const outfile = path.join(directory, 'contract.cjs');
  const entry = path.join(ROOT, 'test/process/support/contract-here.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs' });
  return outfile;
}

/** @param said what it printed */
export function expectContractKept(said: string): void {
  const { length: count } = adapterContract(() => Promise.reject(new Error('none is run')));
  expect(JSON.parse(said)).toEqual({ count, broken: {} });
}
