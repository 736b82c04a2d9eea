/** What a starter is left with when there is no place for a daemon's log. */

import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeClock } from '../../src/adapters/node/clock.js';
import { NodeProcessTable } from '../../src/adapters/node/processes/process-table.js';
import { NodeSpawner } from '../../src/adapters/node/processes/spawner.js';

/** Whose log can't be opened: a directory has its name. */
function spawnerOf(...command: [string, ...string[]]): NodeSpawner {
  const directory = mkdtempSync(path.join(tmpdir(), 'solod-spawner-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(path.join(directory, 'log'));
  const target = {
    directory,
    command,
    environment: () => ({}),
    build: () => 'b',
    silentMs: undefined,
    limits: 'ignored',
    channel: 'none',
  } as const;
  return new NodeSpawner(target, new NodeProcessTable(), nodeClock);
}

/** Files without a name that this process has open, as a log without a name is. */
function unnamedLogs(): readonly string[] {
  const own = path.join(tmpdir(), `solod-${process.pid}-`);
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(own) ? [target] : [];
    } catch {
      return [];
    }
  });
}

it.runIf(process.platform === 'linux')('its last words are told, and no descriptor is left', async () => {
  const spawner = spawnerOf('/bin/sh', '-c', 'echo words >&2; exit 3');
  const reading = spawner.spawn('cold', undefined);
  if (reading.kind !== 'spawned') throw new Error('nothing was started');
  const { pid } = reading;
  await expect.poll(() => spawner.check(pid).kind).toBe('ended');
  await expect.poll(unnamedLogs).toEqual([]);
  expect(spawner.check(pid)).toMatchObject({ kind: 'ended', code: 3, lastOutput: 'words\n' });
  expect(spawnerOf('/nowhere/x').spawn('cold', undefined)).toMatchObject({ kind: 'refused' });
  expect(unnamedLogs()).toEqual([]);
});
