/** What a daemon tells the service manager that started it: sd_notify(3). */

import { runToEnd } from '../../adapters/node/processes/spawner.js';

/**
 * The message is a datagram, which Node can't send to a Unix socket, so systemd's own tool does it. Nobody is told, and nothing
 * is started, where no service manager asked to be.
 */
export class Supervisor {
  private constructor(
    private readonly socket: string | undefined,
    private readonly say: (line: string) => void,
  ) {}

  /** The variable is taken out of the environment: a descendant's readiness is not the daemon's. */
  static take(env: NodeJS.ProcessEnv, say: (line: string) => void): Supervisor {
    const { NOTIFY_SOCKET } = env;
    delete env.NOTIFY_SOCKET;
    return new Supervisor(NOTIFY_SOCKET || undefined, say);
  }

  /** Also said by who gives way: it has done all that it was started for, and ends as it should. */
  ready(status: string): Promise<void> {
    return this.#tell('READY=1', `STATUS=${status}`);
  }

  stopping(reason: string): Promise<void> {
    return this.#tell('STOPPING=1', `STATUS=ending: ${reason}`);
  }

  async #tell(...assignments: readonly string[]): Promise<void> {
    if (this.socket === undefined) return;
    const env = { PATH: process.env.PATH, NOTIFY_SOCKET: this.socket };
    const ended = await runToEnd('systemd-notify', assignments, env);
    if (ended.kind === 'failed') this.say(`systemd could not be told: ${ended.cause.message}`);
  }
}
