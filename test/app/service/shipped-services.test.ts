import path from 'node:path';
import { expect, it } from 'vitest';
import { siblingFile } from '../../../src/app/environment/bundle-files.js';
import { isShipped } from '../../../src/app/service/service-file.js';
import share from '../../../src/app/share/share-service.js';
import statusLine from '../../../src/app/status-line/status-line-service.js';

it('the services that come with solod are the files beside its program, and no others', () => {
  const files = ['status-line.cjs', 'share.cjs', 'worker.cjs'].map(siblingFile);
  expect(files.map(isShipped)).toEqual([true, true, false]);
  expect(['/tmp/status-line.cjs', 'status-line.cjs', path.dirname(siblingFile('x'))].map(isShipped)).toEqual([
    false,
    false,
    false,
  ]);
});

it.each([
  ['share', share],
  ['status-line', statusLine],
])('%s goes by its context alone, for which nothing of the process is replaced', (_, service) => {
  expect(service.callProcess).toBe('shared');
});
