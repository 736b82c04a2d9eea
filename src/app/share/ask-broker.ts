/** Asks the brokers that are there what they know; starts none. */

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Greeter } from '../../adapters/node/sockets/socket-probe.js';
import { callerText } from '../../domain/evidence/edition.js';
import { parseJson } from '../../domain/evidence/json.js';
import { Host } from '../environment/node-host.js';
import { type Environment, stateRoot } from '../environment/state-root.js';
import { resolveRequest } from '../library/daemon-request.js';
import { connectTo } from '../library/obtain-daemon.js';
import { SHIPPED } from '../service/service-file.js';
import { CallConnection } from '../wire/client.js';
import type { ShareFacts } from './broker.js';

const ANSWER_MS = 2_000;
const BROKER = /^share(?:-[0-9a-z]+)?$/;

/** @returns what every broker of a state directory shares */
export async function askBrokers(
  stateDirectory: string | undefined,
  env: Environment,
): Promise<readonly ShareFacts[]> {
  const directory = resolve(stateDirectory ?? stateRoot(env));
  const answers = await Promise.all(brokersIn(directory).map((name) => askBroker(name, directory, env)));
  return answers.flat();
}

function brokersIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => BROKER.test(name));
  } catch {
    return [];
  }
}

async function askBroker(
  name: string,
  stateDirectory: string,
  env: Environment,
): Promise<readonly ShareFacts[]> {
  const host = new Host();
  const options = { service: `${SHIPPED.prefix}${SHIPPED.share}`, name, stateDirectory, env };
  const request = resolveRequest(options, host.userId, { totalMs: ANSWER_MS });
  if (request.kind === 'failed') return [];
  const { caller } = request.value;
  let connection: CallConnection | undefined;
  const greeter: Greeter = (socket, withinMs) => {
    connection = new CallConnection(socket);
    const said = caller && callerText(caller);
    return connection.greet({ command: name, args: ['ls'], env: {}, cwd: '/', caller: said }, withinMs);
  };
  const reached = await connectTo(host, request.value, { greeter, patience: 'leave' });
  if (reached.kind === 'failed' || connection === undefined) return [];
  const text = await answerOn(connection);
  const facts = parseJson(text);
  return Array.isArray(facts) ? (facts as readonly ShareFacts[]) : [];
}

async function answerOn(connection: CallConnection): Promise<string> {
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  const stderr = new PassThrough().resume();
  await connection.complete({ stdin: undefined, stdout, stderr, signal: AbortSignal.timeout(ANSWER_MS) });
  return Buffer.concat(chunks).toString('utf8');
}
