// An MCP server over stdio, written by hand. Its one tool says back what it is told, after some milliseconds.
// Each process appends its id to the file that is its first argument.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const [file = ''] = process.argv.slice(2);
appendFileSync(file, `${process.pid}\n`);

const ECHO = {
  name: 'echo',
  description: 'Says back what it is told',
  inputSchema: { type: 'object', properties: { say: { type: 'string' }, delayMs: { type: 'number' } } },
};

/** @param {string} method @param {any} params */
async function resultOf(method, params) {
  if (method === 'initialize')
    return {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'echo', version: '1.0.0' },
    };
  if (method === 'tools/list') return { tools: [ECHO] };
  if (method !== 'tools/call') return {};
  const { say = '', delayMs = 0 } = params.arguments ?? {};
  if (delayMs > 0) await delay(delayMs);
  return { content: [{ type: 'text', text: say }] };
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    const result = await resultOf(method, params);
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
  })
  .on('close', () => process.exit(0));
