/** The commands of the README, copied as they stand, with this package and an empty home directory. */

import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksIn, NewMachine, ROOT } from './readme-blocks.js';

const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const SERVER = '@modelcontextprotocol/server-memory';

/** The first block of commands below a heading. */
const below = (heading: string): string => {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`));
  return blocksIn(section)[0]?.commands ?? '';
};

let machine: NewMachine;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  machine = new NewMachine();
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', machine.path];
  const packed = execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }).trim();
  // Where the README says solod, npm gets what is to be published.
  machine.addStandIn('npm', 'solod', path.join(machine.path, packed));
  machine.addServer(SERVER, path.join(ROOT, 'node_modules', SERVER, 'dist/index.js'));
  const own = Object.entries(process.env).filter(([name]) => /^npm_config_(?!prefix)/i.test(name));
  env = {
    ...Object.fromEntries(own.map(([name, value = '']) => [name, value])),
    npm_config_userconfig: path.join(homedir(), '.npmrc'),
    npm_config_cache: process.env.npm_config_cache ?? path.join(homedir(), '.npm'),
    npm_config_prefix: path.join(machine.home, 'npm'),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const installed = await machine.run(below('Install'), machine.folder, env);
  expect(installed.code, installed.stderr).toBe(0);
});

afterAll(() => machine.close());

const copied = async (heading: string): Promise<string> => {
  const { code, stdout, stderr } = await machine.run(below(heading), machine.folder, env);
  expect({ code }, stderr).toEqual({ code: 0 });
  return stdout;
};

describe('by copy and paste', () => {
  it('an MCP server is shared', async () => {
    const said = await copied('Share an MCP server between sessions');
    expect(said).toContain('.mcp.json: memory shared\n');
    const settings = JSON.parse(readFileSync(path.join(machine.folder, '.mcp.json'), 'utf8'));
    const { command, args } = settings.mcpServers.memory as { command: string; args: string[] };
    expect(await firstAnswer(command, args)).toMatchObject({ id: 1, result: { serverInfo: {} } });
  });

  it('a tool of one’s own is warm', async () => {
    const said = await copied('Make a tool of your own warm');
    expect(said).toMatch(/^HELLO\nAGAIN\nshout-\w+: ready, .*, 2 calls, /);
  });

  it('a program has a daemon', async () => {
    expect(await copied('Give your CLI a daemon')).toMatch(/^LIBRARY$/m);
  });

  it('a code is explained', async () => {
    expect(await copied('When something fails')).toMatch(/^SOLOD_E_TIMED_OUT\n\nWhat happened: /);
  });
});

it('the first steps can be followed', async () => {
  const page = readFileSync(path.join(ROOT, 'docs/getting-started.md'), 'utf8');
  const [, service = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? [];
  writeFileSync(path.join(machine.folder, 'shout.mjs'), service);
  const blocks = blocksIn(page).filter(({ commands }) => !commands.startsWith('npm install'));
  expect(blocks.length).toBeGreaterThan(3);
  const said: string[] = [];
  for (const { commands } of blocks) {
    const { code, stdout, stderr } = await machine.run(commands, machine.folder, env);
    expect({ code }, stderr).toEqual({ code: 0 });
    said.push(stdout);
  }
  expect(said[0]).toBe('HELLO\nAGAIN\n');
});

/** Begins a session, as a host does with these settings. */
async function firstAnswer(command: string, args: readonly string[]): Promise<unknown> {
  const PATH = machine.searchPath;
  const child = spawn(command, args, {
    cwd: machine.folder,
    env: { HOME: machine.home, PATH },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const clientInfo = { name: 'test', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
    throw new Error('the session has ended');
  } finally {
    child.kill();
  }
}
