import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWorkerCount, ownWorkersOf, workersWanted } from '../../../src/app/service/worker-count.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'solod-count-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const name = path.join(folder, 'service.mjs');
  writeFileSync(name, text);
  return name;
}

describe('the number of workers', () => {
  it.each([
    ["export default defineService({ name: 'a', workers: 4, run() {} });", 4],
    ["export default defineService({\n  workers: 'auto',\n  run,\n});", 'auto'],
    ['export default defineService({ workers: "auto", run });', 'auto'],
    ['export default defineService({ workers: count, run });', undefined],
    ['export default defineService({ run() { return { workers: 4 }; } });', undefined],
    ['export default () => 0;', undefined],
  ] as const)('is read from the text: %s', (text, count) => {
    expect(ownWorkersOf(file(text))).toBe(count);
  });

  it('is that of the command line, where it has one', () => {
    const service = file('export default defineService({ workers: 4, run });');
    expect([workersWanted(undefined, service), workersWanted(2, service), workersWanted(0, service)]).toEqual(
      [4, 2, 0],
    );
    expect(workersWanted('auto', service)).toBe(availableParallelism());
  });

  it('is none where nobody names one', () => {
    expect(workersWanted(undefined, file('export default () => 0;'))).toBe(0);
    expect(workersWanted(undefined, path.join(folder, 'missing'))).toBe(0);
  });

  it.each([0, 1, 1_000, 'auto'])('may be %s', (count) => expect(isWorkerCount(count)).toBe(true));
  it.each([-1, 1.5, 1_001, '4', null])('may not be %s', (count) => expect(isWorkerCount(count)).toBe(false));
});
