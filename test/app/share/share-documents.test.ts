/** What docs/share.md lists is what the code has. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { SESSION_NOISE } from '../../../src/domain/share/key/session-noise.js';
import { STATEFUL_SERVERS, statefulServerIn } from '../../../src/domain/share/key/stateful-servers.js';
import { DEFAULT_LIMITS } from '../../../src/domain/share/messages/share-limits.js';

const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/share.md'), 'utf8');

it('the variables that are noise', () => {
  const [list = ''] = /^Noise: (?:`[^`]+`\s)+/m.exec(text) ?? [];
  expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(SESSION_NOISE);
});

it('the servers that keep state', () => {
  const rows = [...text.matchAll(/^\| `([^`]+)` \| ((?:an|a|the|one|running) [^|]+) \|$/gm)];
  expect(rows.map(([, name, keeps]) => ({ name, keeps }))).toEqual(STATEFUL_SERVERS);
});

it('the limits', () => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([\d,]+)/gm)].map(([, name]) => name);
  expect(rows).toEqual(Object.keys(DEFAULT_LIMITS));
});

it.each([
  [['npx', '-y', '@playwright/mcp@latest'], '@playwright/mcp'],
  [['node', '/x/node_modules/@playwright/mcp/cli.js'], '@playwright/mcp'],
  [['/usr/bin/serena', 'start'], 'serena'],
  [['npx', 'my-playwright-mcp'], undefined],
  [['node', '/home/serena/server.js'], undefined],
])('%j is %s', (words, name) => {
  expect(statefulServerIn(words)?.name).toBe(name);
});
