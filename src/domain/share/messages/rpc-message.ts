/**
 * The parts of a JSON-RPC message that a broker reads: its kind, and where the bytes are that it replaces.
 */

import { parseJson } from '../../evidence/json.js';
import {
  itemsOf,
  lastOf,
  type Member,
  type Members,
  membersOf,
  type Span,
  sliceOf,
  textOfString,
} from './json-spans.js';

export interface RpcRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly id: Span;
  readonly params: Span | undefined;
}

export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: Span | undefined;
}

export interface RpcResponse {
  readonly kind: 'response';
  readonly id: Span;
  readonly result: Span | undefined;
  readonly error: Span | undefined;
}

export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

export type RpcReading =
  | RpcMessage
  | { readonly kind: 'batch'; readonly items: readonly Span[] }
  /** White space alone. */
  | { readonly kind: 'blank' }
  /** No JSON. */
  | { readonly kind: 'junk' }
  /** JSON, and no message. `id` is where it has one that a request may have. */
  | { readonly kind: 'invalid'; readonly id: Span | undefined };

/**
 * Reads what somebody sent who is not trusted: it is JSON from end to end, and no member that matters is
 * there twice, so that no two readers understand it differently.
 */
export function readStrictly(line: string): RpcReading {
  const reading = readMessage(line);
  if (reading.kind === 'blank' || reading.kind === 'junk') return reading;
  if (parseJson(line) === undefined) return { kind: 'junk' };
  if (reading.kind === 'batch' || reading.kind === 'invalid') return reading;
  const params =
    'params' in reading && reading.params !== undefined ? membersOf(line, reading.params.from) : undefined;
  const meta = lastOf(params, '_meta');
  const objects = [membersOf(line), params, meta && membersOf(line, meta.from)];
  return objects.some(hasDoubles) ? { kind: 'invalid', id: undefined } : reading;
}

const hasDoubles = (members: Members | undefined): boolean =>
  members !== undefined && new Set(members.list.map(nameOf)).size < members.list.length;

const nameOf = ({ name }: Member): string => name;

/** Reads what a server printed: it is trusted to mean one thing, and only its end is looked for. */
export function readMessage(line: string): RpcReading {
  const first = /\S/.exec(line)?.[0];
  if (first === undefined) return { kind: 'blank' };
  if (first === '[') {
    const items = itemsOf(line);
    return items === undefined ? { kind: 'junk' } : { kind: 'batch', items };
  }
  const members = membersOf(line);
  if (members?.state !== 'whole' || /\S/.test(line.slice(members.end))) return { kind: 'junk' };
  return classify(line, members);
}

function classify(line: string, members: Members): RpcReading {
  const [id, method, params] = [lastOf(members, 'id'), lastOf(members, 'method'), lastOf(members, 'params')];
  const isUsable = id !== undefined && isId(sliceOf(line, id));
  if (method === undefined) {
    const [result, error] = [lastOf(members, 'result'), lastOf(members, 'error')];
    if (!isUsable || (result === undefined) === (error === undefined))
      return { kind: 'invalid', id: isUsable ? id : undefined };
    return { kind: 'response', id, result, error };
  }
  const name = textOfString(sliceOf(line, method));
  if (name === undefined) return { kind: 'invalid', id: isUsable ? id : undefined };
  if (id === undefined) return { kind: 'notification', method: name, params };
  return isUsable ? { kind: 'request', method: name, id, params } : { kind: 'invalid', id: undefined };
}

/** A string or a number. */
const isId = (token: string): boolean => /^["\-0-9]/.test(token);

/**
 * The same text for the same id or progress token, however it is written; `1` and `"1"` differ.
 * @param token as it stands in a message
 */
export function valueKey(token: string): string {
  const text = textOfString(token);
  if (text !== undefined) return `"${text}`;
  // Integers beyond 2^53 stay apart, which Number() would make one.
  return /^(?:0|-?[1-9][0-9]*)$/.test(token) ? token : String(Number(token));
}

const TAIL_ID = /(?<!\\)"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*\}\s*$/;

/**
 * The id of a message that was too long to keep: it stands in its beginning, or it is the last member.
 * @param head where it begins, cut off somewhere
 * @param tail where it ends
 */
export function idOfCut(head: string, tail: string): string | undefined {
  const found = lastOf(membersOf(head), 'id');
  const token = found === undefined ? TAIL_ID.exec(tail)?.[1] : sliceOf(head, found);
  return token !== undefined && isId(token) ? token : undefined;
}
