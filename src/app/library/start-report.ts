import type { NodeLedger } from '../../adapters/node/files/ledger-file.js';
import { StartChannel } from '../../adapters/node/processes/start-channel.js';
import type { Word } from '../../ports/start-word.js';
import type { Host } from '../environment/node-host.js';

/** What this process has come to, said to its starter, and written down for everybody else. */
export class StartReport {
  readonly #host: Host;
  readonly #channel = new StartChannel(process.env);
  readonly #ledger: NodeLedger;
  #isSilenced = false;

  /** @param directory the directory of the name */
  constructor(host: Host, directory: string) {
    this.#host = host;
    this.#ledger = host.ledger(directory);
  }

  /** What belongs to the channel, and is not to be closed with what a caller has left open. */
  get descriptor(): number | undefined {
    return this.#channel.descriptor;
  }

  say(word: Word): void {
    // The ledger first: whoever hears of it may look there.
    if (!this.#isSilenced)
      this.#ledger.append({ atMs: this.#host.clock.now().wallMs, pid: process.pid, ...word });
    this.#channel.say(word);
  }

  /** From now on nothing is written: the directory is a successor's. */
  silence(): void {
    this.#isSilenced = true;
  }
}
