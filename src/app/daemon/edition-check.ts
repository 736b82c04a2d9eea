/** Compares the edition of the service that a caller means with the one that this daemon has loaded. */

import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  type Caller,
  type CallerVerdict,
  type Content,
  type Edition,
  editionKey,
  judgeCaller,
  parseCaller,
  WIRE_VERSION,
} from '../../domain/evidence/edition.js';
import { changeStepMs } from '../platforms/node-platform.js';

/**
 * The kernel's clock stands still for some milliseconds (CONFIG_HZ). A file that changed so shortly before it was read may
 * have changed again since, and show the same times.
 */
const CLOCK_TICK_MS = 50;
/** How many compared files are remembered; a name has two or three. */
const REMEMBERED_MAX = 64;

export class Editions {
  readonly own: Caller;
  readonly #digest: string | undefined;
  /** The file may be another than it looks. */
  #isFresh: boolean;
  readonly #known = new Map<string, Content>();
  /** The text and the verdict of the last caller: on kept connections the next one says the same. */
  #last: { readonly text: string; readonly caller: Caller | undefined } | undefined;
  #lastServed: Caller | undefined;

  /** @param edition is about to be loaded; its content is read here */
  constructor(edition: Edition) {
    this.own = { ...edition, wire: WIRE_VERSION };
    this.#isFresh = isFresh(edition);
    this.#digest = digestOf(edition.path);
  }

  /** @param text what the caller says of itself */
  callerOf(text: string | undefined): Caller | undefined {
    if (text === undefined) return undefined;
    if (text !== this.#last?.text) this.#last = { text, caller: parseCaller(text) };
    return this.#last.caller;
  }

  /** @param caller what the caller says of itself; public clients say nothing, and are served */
  judge(caller: Caller | undefined): CallerVerdict {
    if (caller === undefined || caller === this.#lastServed) return { kind: 'served' };
    if (this.#isFresh && editionKey(caller) === editionKey(this.own)) return this.#lookAgain(caller);
    const verdict = judgeCaller(this.own, caller, () => this.#compare(caller));
    this.#lastServed = verdict.kind === 'served' ? caller : undefined;
    return verdict;
  }

  /** Until one look was late enough to see every change, the content alone counts. */
  #lookAgain(caller: Caller): CallerVerdict {
    this.#isFresh = isFresh(this.own);
    return judgeCaller(this.own, { ...caller, inode: undefined }, () => this.#contentOf(caller));
  }

  #compare(caller: Caller): Content {
    const key = editionKey(caller);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const content = this.#contentOf(caller);
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(key, content);
    return content;
  }

  #contentOf({ path }: Caller): Content {
    const digest = digestOf(path);
    if (digest === undefined || this.#digest === undefined) return 'unknown';
    return digest === this.#digest ? 'same' : 'different';
  }
}

const isFresh = ({ changedMs = 0 }: Edition): boolean =>
  Date.now() - changedMs < CLOCK_TICK_MS + changeStepMs();

/**
 * Tells a changed file from an unchanged one. It need not resist an attacker, who could as well write the file. The library of a
 * cryptographic hash would cost the daemon most of a megabyte, for as long as it lives.
 * @returns undefined if the file can't be read
 */
function digestOf(file: string): string | undefined {
  try {
    const content = readFileSync(file);
    return `${content.length}:${crc32(content)}`;
  } catch {
    return undefined;
  }
}
