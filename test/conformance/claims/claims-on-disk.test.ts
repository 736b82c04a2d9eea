/** Processes on Node, and native ones, claim on real directories. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcessTable } from '../../../src/adapters/node/processes/process-table.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { BUILD_MS, hasCargo, LEFT_OUT } from '../../native/client.js';
import {
  anonymous,
  type ClaimScenario,
  claimScenarios,
  endsByNode,
  endsNatively,
  type Item,
  KILLED,
  SERVED,
  WAITS,
} from './claim-scenario.js';

const box = mkdtempSync(path.join(tmpdir(), 'solod-claims-'));
const own = { processes: [] as ChildProcess[], servers: [] as net.Server[], made: 0 };

afterEach(() => {
  for (const child of own.processes.splice(0)) child.kill('SIGKILL');
  for (const server of own.servers.splice(0)) server.close();
});
afterAll(() => rmSync(box, { recursive: true, force: true }));

async function makeSocket(at: string, listener: 'listens' | 'dead'): Promise<void> {
  const server = net.createServer((connection) => connection.on('error', () => {}));
  // When the server closes, Node unlinks the name that it has bound. Under another name the socket stays.
  await new Promise<void>((resolve) => server.listen(`${at}.bound`, resolve));
  renameSync(`${at}.bound`, at);
  if (listener === 'listens') own.servers.push(server);
  else await new Promise((resolve) => server.close(resolve));
}

function makeOwner(at: string, process: 'alive' | 'gone'): void {
  const self = new NodeProcessTable().self();
  const who = process === 'alive' ? self : { ...self, pid: spawnSync('true').pid, startTime: '1' };
  writeFileSync(at, ownerText({ ...who, ...SERVED }));
}

function makeItem(at: string, item: Item): Promise<void> | void {
  switch (item.kind) {
    case 'socket':
      return makeSocket(at, item.listener);
    case 'owner':
      return makeOwner(at, item.process);
    case 'directory':
      mkdirSync(at, { mode: 0o700 });
      break;
    case 'file':
      writeFileSync(at, '');
      break;
    case 'link':
      symlinkSync(item.to, at);
      break;
  }
  const seconds = (Date.now() - (item.ageMs ?? 0)) / 1_000;
  lutimesSync(at, seconds, seconds);
}

/** @returns the state directory, with the directory of the name in it */
async function setUp({ directory, before }: ClaimScenario): Promise<string> {
  own.made += 1;
  const root = path.join(box, String(own.made));
  const home = path.join(root, 'name');
  mkdirSync(root, { mode: 0o700 });
  if (directory === 'file') writeFileSync(home, '');
  else if (directory !== 'missing') mkdirSync(home, { mode: 0o700 });
  for (const [name, item] of Object.entries(before)) await makeItem(path.join(home, name), item);
  if (directory === 'writable') chmodSync(home, 0o777);
  return root;
}

/** Starts a candidate. @returns reads its next line, or how it ended; kills it; lets it go on */
function start(program: readonly [string, ...string[]], assignment: object) {
  const child = spawn(program[0], [...program.slice(1), JSON.stringify(assignment)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  own.processes.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  const nextWord = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (!done) return value;
    const [code, signal] = await closed;
    return signal === 'SIGKILL' ? KILLED : `ended with ${code}`;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  return { nextWord, kill, goOn: () => child.stdin.write('\n') };
}

function tree(home: string, below = ''): string[] {
  const entries = readdirSync(path.join(home, below), { withFileTypes: true });
  return entries
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.join(below, entry.name);
      if (entry.isSymbolicLink()) return [`${name} -> ${readlinkSync(path.join(home, name))}`];
      return entry.isDirectory() ? [`${name}/`, ...tree(home, name)] : [name];
    });
}

async function endsOf(scenario: ClaimScenario, program: readonly [string, ...string[]]) {
  const root = await setUp(scenario);
  const directory = path.join(root, 'name');
  const outcomes: string[] = [];
  const waiting: (() => Promise<void>)[] = [];
  for (const [n, candidate] of scenario.candidates.entries()) {
    const process = start(program, { root, directory, lock: scenario.lock, ...candidate });
    const comesTo = async (word: string) => {
      outcomes[n] = word;
      if (candidate.leaves) await process.kill();
    };
    const word = await process.nextWord();
    if (word !== WAITS) await comesTo(word);
    else
      waiting.push(async () => {
        process.goOn();
        await comesTo(await process.nextWord());
      });
  }
  for (const goOn of waiting) await goOn();
  return { outcomes, tree: scenario.directory === 'file' ? [] : tree(directory).map(anonymous) };
}

describe('claims on Node', () => {
  const program = path.join(box, 'candidate.cjs');
  beforeAll(() =>
    build({
      entryPoints: [path.join(import.meta.dirname, 'candidate.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    }).then(() => {}),
  );

  it.each(claimScenarios)('$name', async (scenario) => {
    expect(await endsOf(scenario, [process.execPath, program])).toEqual(endsByNode(scenario));
  });
});

describe.skipIf(!hasCargo)(`claims natively${LEFT_OUT}`, () => {
  const cwd = path.resolve(import.meta.dirname, '../../../native');
  const program = path.join(cwd, 'target/release/claims');
  beforeAll(() => {
    const options = ['--release', '--quiet', '--offline', '--locked', '--bin', 'claims'];
    execFileSync('cargo', ['build', ...options], { cwd, stdio: 'inherit', timeout: BUILD_MS });
  }, BUILD_MS);

  it.each(claimScenarios)('$name', async (scenario) => {
    expect(await endsOf(scenario, [program])).toEqual(endsNatively(scenario));
  });
});
