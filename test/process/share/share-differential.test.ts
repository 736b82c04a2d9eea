/** The SDK's own client with real servers: through a broker, and directly. */

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const SERVERS = {
  everything: path.join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'),
  memory: path.join(ROOT, 'node_modules/@modelcontextprotocol/server-memory/dist/index.js'),
} as const;

type ServerName = keyof typeof SERVERS;

const HOW = ['directly', 'through a broker'] as const;

const clients = new Set<Client>();

// Before the sandbox is cleared away, in which they would start another broker.
afterEach(async () => {
  await Promise.all([...clients].map((client) => client.close()));
  clients.clear();
});

async function connect(
  box: Sandbox,
  server: string,
  how: (typeof HOW)[number],
  options: { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Client> {
  const { flags = [], env = {} } = options;
  const command = [process.execPath, server];
  const [program = '', ...args] =
    how === 'directly' ? command : [process.execPath, SOLOD, 'share', ...flags, '--', ...command];
  const all = { ...box.env, ...env } as Record<string, string>;
  const transport = new StdioClientTransport({
    command: program,
    args,
    env: all,
    cwd: box.path,
    stderr: 'ignore',
  });
  const client = new Client({ name: 'differential', version: '1' }, { capabilities: {} });
  clients.add(client);
  await client.connect(transport);
  return client;
}

/** Everything that a server says of itself, and what calls come to that change nothing. */
async function portrait(client: Client): Promise<unknown> {
  const capabilities = client.getServerCapabilities();
  const { tools } = await client.listTools();
  const resources = capabilities?.resources && (await client.listResources());
  const templates = capabilities?.resources && (await client.listResourceTemplates());
  const prompts = capabilities?.prompts && (await client.listPrompts());
  const first = resources?.resources[0];
  return {
    capabilities,
    instructions: client.getInstructions(),
    version: client.getServerVersion(),
    tools,
    resources,
    templates,
    prompts,
    read: first && (await client.readResource({ uri: first.uri })),
    unknownTool: await client.callTool({ name: 'no-such-tool', arguments: {} }).catch(String),
    unknownMethod: await client
      .request(
        { method: 'no/such/method' },
        (await import('@modelcontextprotocol/sdk/types.js')).ResultSchema,
      )
      .catch(String),
  };
}

describe.each(Object.keys(SERVERS) as ServerName[])('server-%s', (name) => {
  it('says the same of itself', async () => {
    const box = sandbox();
    const portraits = [];
    for (const how of HOW) portraits.push(await portrait(await connect(box, SERVERS[name], how)));
    expect(portraits[1]).toEqual(portraits[0]);
  });
});

describe('server-everything', () => {
  it.each(HOW)('answers, reports progress, completes and prompts: %s', async (how) => {
    const client = await connect(sandbox(), SERVERS.everything, how);
    const echo = await client.callTool({ name: 'echo', arguments: { message: 'höflich' } });
    expect(echo.content).toEqual([{ type: 'text', text: 'Echo: höflich' }]);
    const steps: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } },
      undefined,
      {
        onprogress: ({ progress }) => void steps.push(progress),
      },
    );
    // The SDK loses the last one, which comes with the answer.
    expect(steps.slice(0, 3)).toEqual([1, 2, 3]);
    const { prompts } = await client.listPrompts();
    expect(prompts.length).toBeGreaterThan(0);
    await client.ping();
  });

  it('a cancelled call of one client leaves the others alone', async () => {
    const box = sandbox();
    const [one, two] = await Promise.all(
      ['', ''].map(() => connect(box, SERVERS.everything, 'through a broker')),
    );
    if (one === undefined || two === undefined) throw new Error('no clients');
    const long = (client: Client, signal?: AbortSignal) =>
      client.callTool(
        { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 2 } },
        undefined,
        {
          ...(signal && { signal }),
        },
      );
    const leaving = new AbortController();
    const [cancelled, kept] = [long(one, leaving.signal), long(two)];
    leaving.abort('enough');
    await expect(cancelled).rejects.toThrow('enough');
    expect(JSON.stringify((await kept).content)).toContain('completed');
  });
});

describe('server-memory', () => {
  /** Eight clients at once, twelve entities each, one after the other. */
  async function createAtOnce(writers: readonly Client[]): Promise<void> {
    await Promise.all(
      writers.map(async (client, n) => {
        for (let round = 0; round < 12; round++) {
          const entities = [{ name: `${n}:${round}`, entityType: 'test', observations: [] }];
          await client.callTool({ name: 'create_entities', arguments: { entities } });
        }
      }),
    );
  }

  it('loses no write of eight clients where it gets one request at a time', async () => {
    const box = sandbox();
    const folder = path.join(box.path, 'graph');
    mkdirSync(folder);
    const options = { flags: ['--serial'], env: { MEMORY_FILE_PATH: path.join(folder, 'memory.jsonl') } };
    const writers = await Promise.all(
      Array.from({ length: 8 }, () => connect(box, SERVERS.memory, 'through a broker', options)),
    );
    await createAtOnce(writers);
    const graph = await writers[0]?.callTool({ name: 'read_graph', arguments: {} });
    expect((graph?.structuredContent as { entities: unknown[] } | undefined)?.entities).toHaveLength(96);
  });
});
