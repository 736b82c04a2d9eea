import type { Word } from '../../ports/start-word.js';
import type { DaemonHost, StartChannel, StartLedger } from './host.js';

/** Tells the starter what this process has come to, and writes it to the ledger for all others. */
export class StartReport {
  readonly #host: DaemonHost;
  readonly #channel: StartChannel;
  readonly #ledger: StartLedger;
  #isSilenced = false;

  /** @param directory directory of the name */
  constructor(host: DaemonHost, directory: string) {
    this.#host = host;
    this.#channel = host.startChannel();
    this.#ledger = host.ledger(directory);
  }

  /** Belongs to the channel: it must stay open when inherited descriptors are closed. */
  get descriptor(): number | undefined {
    return this.#channel.descriptor;
  }

  say(word: Word): void {
    const { clock, processes } = this.#host;
    // First the ledger: a starter that hears the word may read it there.
    if (!this.#isSilenced)
      this.#ledger.append({ atMs: clock.now().wallMs, pid: processes.self().pid, ...word });
    this.#channel.say(word);
  }

  /** From now on nothing is written: the directory belongs to a successor. */
  silence(): void {
    this.#isSilenced = true;
  }
}
