/** Pages of what a session of `solod share` shows as an error of its server. */

import type { MCP_TROUBLE } from '../../domain/share/messages/share-errors.js';
import type { CodesOf } from '../texts/complaint.js';
import type { ErrorPages } from './error-page.js';

export type McpCode = CodesOf<'mcp-', typeof MCP_TROUBLE>;

const SERVER = 'The server of this session: `solod share ls` lists it.';
const CLIENT = 'The client of this session: the host that speaks MCP.';

export const MCP_PAGES: ErrorPages<McpCode> = {
  SOLOD_E_MCP_BROKER_LOST: {
    happened: 'The broker ended while it had this request. Nobody knows whether the server carried it out.',
    where: 'The message says how the broker ended.',
    todo: 'Check whether the work was done, then ask again. The session goes on with a new broker.',
  },
  SOLOD_E_MCP_NO_BROKER: {
    happened: 'There is no broker, and none could be started.',
    where: 'The message has the reason.',
    todo: 'Run `solod doctor`. `SOLOD=off` gives each session a server of its own.',
  },
  SOLOD_E_MCP_SERVER_LOST: {
    happened: 'The server ended while it had this request. Nobody knows whether it was carried out.',
    where: SERVER,
    todo: 'Check whether the work was done, then ask again. The server is started again.',
  },
  SOLOD_E_MCP_SERVER_FAILS: {
    happened: 'The server ends again and again. The next start waits.',
    where: `${SERVER} The message has what it wrote last.`,
    todo: 'Run the command of the server by hand, and fix what it says.',
  },
  SOLOD_E_MCP_NO_GREETING: {
    happened: 'The server did not answer `initialize` as a server of MCP does. It is ended.',
    where: SERVER,
    todo: 'Run the command of the server by hand. Check that it speaks MCP on standard output.',
  },
  SOLOD_E_MCP_OVER_LIMIT: {
    happened: 'A message, or what waits, is more than one session may take of a shared server.',
    where: 'The message names the limit.',
    todo: 'Send less. `--max-message` allows longer messages of clients.',
  },
  SOLOD_E_MCP_CANNOT_ANSWER: {
    happened: 'The server asked something that its clients can not answer, such as sampling.',
    where: SERVER,
    todo: 'Start it with `--offer <capability>`, if the clients can do that.',
  },
  SOLOD_E_MCP_NOT_TOLD: {
    happened: 'The server asked a question and did not say which of its clients it is for.',
    where: SERVER,
    todo: 'Use `--per-client`: then each session has a server of its own.',
  },
  SOLOD_E_MCP_CLIENT_GONE: {
    happened: 'The server asked a client, and that session ended before it answered.',
    where: 'The server gets this message, not a person.',
    todo: 'Nothing.',
  },
  SOLOD_E_MCP_NOT_JSON: {
    happened: 'A line of the client is not JSON.',
    where: CLIENT,
    todo: 'Look for something that writes to standard output of the host beside its messages.',
  },
  SOLOD_E_MCP_NO_MESSAGE: {
    happened: 'A line of the client is JSON, and not a message of JSON-RPC.',
    where: CLIENT,
    todo: 'Report it to the authors of the host.',
  },
  SOLOD_E_MCP_EMPTY_BATCH: {
    happened: 'The client sent a batch without a message in it.',
    where: CLIENT,
    todo: 'Report it to the authors of the host.',
  },
  SOLOD_E_MCP_CUT_OFF: {
    happened: 'The host did not read for so long that its session was cut off. It was begun anew.',
    where: CLIENT,
    todo: 'Nothing, if the host was stopped or asleep. Else report it to the authors of the host.',
  },
  SOLOD_E_MCP_FOREIGN_TASK: {
    happened: 'The client asked for a task that another session began, or nobody.',
    where: CLIENT,
    todo: 'Use the id of a task of the same session.',
  },
};
