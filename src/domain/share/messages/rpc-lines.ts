/** Messages that are the broker's own. All of them are ASCII. */

import { asciiJson } from './json-spans.js';

/** JSON-RPC 2.0, section 5.1. MCP reserves -32000 to -32099, so that no code of one's own is possible. */
export const RPC_ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  unknownMethod: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const;

export type RpcErrorName = keyof typeof RPC_ERROR;

/** Stands for an id that can't be told. */
export const NO_ID = 'null';

/** @param id as it is to stand in the message */
export function errorLine(id: string, name: RpcErrorName, message: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":{"code":${RPC_ERROR[name]},"message":${asciiJson(message)}}}`;
}

/** @param result as JSON */
export const resultLine = (id: string, result: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":${result}}`;

/** @param error as JSON */
export const refusalLine = (id: string, error: string): string =>
  `{"jsonrpc":"2.0","id":${id},"error":${error}}`;

export const EMPTY_RESULT = '{}';

/** @param params as JSON */
export const requestLine = (id: string, method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":${asciiJson(method)},"params":${params}}`;

/** @param params as JSON */
export function notificationLine(method: string, params?: string): string {
  const given = params === undefined ? '' : `,"params":${params}`;
  return `{"jsonrpc":"2.0","method":${asciiJson(method)}${given}}`;
}

/** @param requestId as it is to stand in the message */
export function cancellationLine(requestId: string, reason: string): string {
  return notificationLine(
    'notifications/cancelled',
    `{"requestId":${requestId},"reason":${asciiJson(reason)}}`,
  );
}

/** The lists of a server, by the capability that goes with each. */
const LISTS = ['tools', 'resources', 'prompts'] as const;

/** Says that everything may have changed. */
export function listChangedLines(capabilities: readonly string[]): readonly string[] {
  return LISTS.filter((list) => capabilities.includes(list)).map((list) =>
    notificationLine(`notifications/${list}/list_changed`),
  );
}
