/** What a daemon tells the service manager that started it: sd_notify(3). */

import { runToEnd } from '../platforms/node-platform.js';

/**
 * The message is a datagram, which Node can't send to a Unix socket, so systemd's own tool sends it. Without a service manager that
 * asks for messages, nothing is started.
 */
export class Supervisor {
  private constructor(
    private readonly socket: string | undefined,
    private readonly say: (line: string) => void,
  ) {}

  /** Takes the variable out of the environment: a child's readiness is not the daemon's. */
  static take(env: NodeJS.ProcessEnv, say: (line: string) => void): Supervisor {
    const { NOTIFY_SOCKET } = env;
    delete env.NOTIFY_SOCKET;
    return new Supervisor(NOTIFY_SOCKET || undefined, say);
  }

  /** A process that gives way says it too: it has done what it was started for. */
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
