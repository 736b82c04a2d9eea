/** Asks the brokers that are there what they know; starts none. */

import { PassThrough } from 'node:stream';
import { callerText } from '../../../domain/evidence/edition.js';
import { parseJson } from '../../../domain/evidence/json.js';
import type { Environment } from '../../../ports/environment.js';
import { resolveRequest } from '../../library/daemon-request.js';
import { connectTo } from '../../library/obtain-daemon.js';
import { deriveFor } from '../../place/find-place.js';
import type { CallerHost, Greeter } from '../../platforms/host.js';
import { callerHost } from '../../platforms/node-platform.js';
import { SHIPPED } from '../../service/service-file.js';
import type { ShareFacts } from '../../share/broker.js';
import { CallConnection } from '../../wire/client.js';

const ANSWER_MS = 2_000;
const BROKER = /^share(?:-[0-9a-z]+)?$/;

/** @returns what every broker of a state directory shares */
export async function askBrokers(
  stateDirectory: string | undefined,
  env: Environment,
): Promise<readonly ShareFacts[]> {
  const host = callerHost();
  const derived = deriveFor(host, env, stateDirectory);
  if (derived.kind !== 'place') return [];
  const names = brokersIn(host, derived.root);
  const answers = await Promise.all(names.map((name) => askBroker(host, name, derived.asked, env)));
  return answers.flat();
}

function brokersIn({ files }: CallerHost, directory: string): readonly string[] {
  const listed = files.list(directory);
  return listed.kind === 'names' ? listed.names.filter((name) => BROKER.test(name)) : [];
}

async function askBroker(
  host: ReturnType<typeof callerHost>,
  name: string,
  stateDirectory: string,
  env: Environment,
): Promise<readonly ShareFacts[]> {
  const options = { service: `${SHIPPED.prefix}${SHIPPED.share}`, name, stateDirectory, env };
  const request = resolveRequest(options, host, { totalMs: ANSWER_MS });
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
