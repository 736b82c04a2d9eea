/** A host's session with an MCP server, by the protocol's own SDK; how a request ended is told as data. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';

/** A request without an answer after so long is counted as one that gets none, in milliseconds. */
export const SILENT_MS = 5_000;

/**
 * @typedef {'right' | 'wrong' | 'failed' | 'silent'} Fate
 * @typedef {{ program: string, args: readonly string[], env: Record<string, string>, cwd: string }} Command
 * @typedef {({ kind: 'command' } & Command) | { kind: 'http' | 'sse', url: string }} Address
 */

/** @param {Address} address */
function transportTo(address) {
  switch (address.kind) {
    case 'command': {
      const { program, args, env, cwd } = address;
      return new StdioClientTransport({ command: program, args: [...args], env, cwd, stderr: 'ignore' });
    }
    case 'http':
      return new StreamableHTTPClientTransport(new URL(address.url));
    case 'sse':
      return new SSEClientTransport(new URL(address.url));
  }
}

export class Session {
  #client = new Client({ name: 'host', version: '1.0.0' });
  /** Answers that nobody has asked for, and other things that a host should not see. */
  strays = 0;

  /** @param {Address} address */
  constructor(address) {
    this.address = address;
    this.#client.onerror = () => {
      this.strays += 1;
    };
  }

  /** @returns {number | undefined} of the process that a host starts for it; undefined if it starts none */
  get pid() {
    const { transport } = this.#client;
    return transport instanceof StdioClientTransport ? (transport.pid ?? undefined) : undefined;
  }

  /** Until the handshake is answered. */
  async open() {
    // The types of the SDK's transports are older than `exactOptionalPropertyTypes`.
    const transport = /** @type {any} */ (transportTo(this.address));
    await this.#client.connect(transport, { timeout: 60_000 });
  }

  /**
   * @param {string} say
   * @param {number} [delayMs]
   * @returns {Promise<Fate>}
   */
  async call(say, delayMs = 0) {
    try {
      const request = { name: 'echo', arguments: { say, delayMs } };
      const { content } = await this.#client.callTool(request, undefined, { timeout: SILENT_MS });
      const [first] = /** @type {{ text?: string }[]} */ (content);
      return first?.text === say ? 'right' : 'wrong';
    } catch (error) {
      return error instanceof McpError && error.code === ErrorCode.RequestTimeout ? 'silent' : 'failed';
    }
  }

  async close() {
    await this.#client.close().catch(() => {});
  }
}

/** @param {readonly Fate[]} fates */
export function counted(fates) {
  const counts = { right: 0, wrong: 0, failed: 0, silent: 0 };
  for (const fate of fates) counts[fate] += 1;
  return counts;
}
