/** Tasks belong to the client that made them: nobody else may look at one, wait for it or cancel it. */

import { parseJson } from '../../evidence/json.js';
import {
  itemsOf,
  lastOf,
  membersOf,
  replaceIn,
  type Span,
  sliceOf,
  spanAt,
  textOfString,
} from '../messages/json-spans.js';
import { textIn } from '../messages/message-fields.js';
import { META } from '../messages/protocol-words.js';
import type { ClientId, Upstream } from './share-state.js';

const FINAL = ['completed', 'failed', 'cancelled'];

/** The task that a message's parameters, or its result, are about. */
export const taskIn = (line: string, at: Span | undefined): string | undefined => textIn(line, at, 'taskId');

/** The task that a message belongs to, by its `_meta`. */
export function relatedTask(line: string, at: Span | undefined): string | undefined {
  const span = at && spanAt(line, at, ['_meta', META.relatedTask, 'taskId']);
  return span && textOfString(sliceOf(line, span));
}

/** The task that an answer says has been made. */
export function madeTask(line: string, result: Span | undefined): string | undefined {
  if (result === undefined) return undefined;
  const span = spanAt(line, result, ['task', 'taskId']) ?? lastOf(membersOf(line, result.from), 'taskId');
  return span && textOfString(sliceOf(line, span));
}

export function ownTask(up: Upstream, task: string, client: ClientId): void {
  if (!up.taskOwners.has(task)) up.taskOwners.set(task, client);
}

/** The answer to `tasks/list`, without the tasks of others. */
export function withOwnTasksOnly(
  up: Upstream,
  client: ClientId,
  line: string,
  result: Span | undefined,
): string {
  const at = result && lastOf(membersOf(line, result.from), 'tasks');
  const items = at && itemsOf(line, at.from);
  if (at === undefined || items === undefined) return line;
  const own = items.filter((item) => up.taskOwners.get(taskIn(line, item) ?? '') === client);
  return own.length === items.length
    ? line
    : replaceIn(line, [{ at, by: `[${own.map((item) => sliceOf(line, item)).join(',')}]` }]);
}

/** Progress on a task goes on until it is over. */
export function noteTaskStatus(up: Upstream, line: string, params: Span | undefined): void {
  const task = taskIn(line, params);
  const span = params && lastOf(membersOf(line, params.from), 'status');
  const status = span && parseJson(sliceOf(line, span));
  if (task === undefined || typeof status !== 'string' || !FINAL.includes(status)) return;
  for (const [id, token] of up.tokens) if (token.task === task) up.tokens.delete(id);
}

export function forgetClientTasks(up: Upstream, client: ClientId): void {
  for (const [task, owner] of up.taskOwners) if (owner === client) up.taskOwners.delete(task);
}
