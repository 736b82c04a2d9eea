/** A call on a connection that the daemon has left open after the call before. */

import type { Duplex } from 'node:stream';
import { callerText, WIRE_VERSION } from '../../domain/evidence/edition.js';
import { FIRST_LOOK_MS } from '../../domain/lock/timing.js';
import type { Environment } from '../../ports/environment.js';
import type { CallerHost } from '../platforms/host.js';
import type { ServiceFile } from '../service/service-file.js';
import { CallConnection, encodeRepeat, encodeRequest, requestEnvironment } from '../wire/client.js';
import { CANCELLED, type CallOptions, type CallResult, complete, NO_TERMINALS } from './call-service.js';
import { orInvalid } from './daemon-target.js';
import type { Kept, KeptConnections } from './kept/kept-connections.js';
import { SaidHead, type Saying } from './kept/said-head.js';

/** What a client needs of its host for such a call. */
export type KeptHost = Pick<CallerHost, 'directory' | 'findService' | 'isStillThere'>;

/** Calls on kept connections. Remembers the service file that it saw last. */
export class KeptCalls<C extends Duplex> {
  #file: ServiceFile | undefined;

  constructor(
    private readonly host: KeptHost,
    private readonly kept: KeptConnections<C>,
  ) {}

  /**
   * The daemon was looked for, and trusted, when the connection was made.
   * @param env the environment of the call
   * @returns undefined if nothing was begun: then the call goes the whole way
   */
  async call(options: CallOptions, env: Environment): Promise<CallResult | undefined> {
    if (options.signal?.aborted) return CANCELLED;
    const found = this.kept.take();
    if (found === undefined) return undefined;
    const file = this.#lookFor(options.service);
    if (file === undefined || (options.name ?? file.name) !== found.name) {
      found.connection.destroy();
      return undefined;
    }
    const saying: Saying = {
      edition: file.edition,
      env,
      terminals: options.terminals ?? NO_TERMINALS,
      cwd: options.cwd ?? this.host.directory(),
      umask: process.umask(),
    };
    return this.#callOn(found, saying, options);
  }

  async #callOn(found: Kept<C>, saying: Saying, options: CallOptions): Promise<CallResult | undefined> {
    const { owner, name } = found;
    const args = options.args ?? [];
    const isRepeat = found.said?.isSame(saying) === true;
    const head = isRepeat ? encodeRepeat(args) : encodeRequest(wholeRequest(saying, name, args));
    const conversation = new CallConnection(found.connection);
    const answer = await conversation.greet({ head }, FIRST_LOOK_MS);
    if (answer.kind !== 'accepted') return undefined;
    const said = isRepeat ? found.said : new SaidHead(saying);
    return complete(conversation, options, { via: 'attached', owner, name, kept: this.kept, said });
  }

  /** On each call: the service file may have changed since the last one. */
  #lookFor(asked: string): ServiceFile | undefined {
    if (this.#file !== undefined && this.host.isStillThere?.(asked, this.#file)) return this.#file;
    const found = orInvalid(() => this.host.findService(asked));
    this.#file = found.kind === 'resolved' ? found.value : undefined;
    return this.#file;
  }
}

function wholeRequest({ edition, env, terminals, cwd }: Saying, command: string, args: readonly string[]) {
  const caller = callerText({ ...edition, wire: WIRE_VERSION, keep: true, repeat: true });
  return { command, args, env: requestEnvironment(env, terminals), cwd, caller };
}
