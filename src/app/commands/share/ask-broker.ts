/** Asks the brokers that are there what they know; starts none. */

import { callerText } from '../../../domain/evidence/edition.js';
import { parseJson } from '../../../domain/evidence/json.js';
import type { Environment } from '../../../ports/environment.js';
import { resolveRequest } from '../../library/daemon-request.js';
import { connectTo } from '../../library/obtain-daemon.js';
import { deriveFor, placeIn } from '../../place/find-place.js';
import type { Greeter } from '../../platforms/host.js';
import { callerHost } from '../../platforms/node-platform.js';
import { SHIPPED } from '../../service/service-file.js';
import type { ShareFacts } from '../../share/broker.js';
import { CallConnection } from '../../wire/client.js';
import { collectAnswer } from '../collect-answer.js';
import { placesIn } from '../find-names.js';

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
  const { files, userId, platform } = host;
  const places = placesIn({
    files,
    userId,
    root: derived.root,
    platform,
    placeOf: (label) => placeIn(derived, label, host, env),
  });
  const names = places.map(({ label }) => label).filter((label) => BROKER.test(label));
  const answers = await Promise.all(names.map((name) => askBroker(host, name, derived.asked, env)));
  return answers.flat();
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
  const { text } = await collectAnswer(connection, ANSWER_MS);
  const facts = parseJson(text);
  return Array.isArray(facts) ? (facts as readonly ShareFacts[]) : [];
}
