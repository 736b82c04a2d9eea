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
  WIRE_VERSION,
} from '../../domain/evidence/edition.js';

/** How many compared files are remembered; a name has two or three. */
const REMEMBERED_MAX = 64;

export class Editions {
  readonly own: Caller;
  readonly #digest: string | undefined;
  readonly #known = new Map<string, Content>();

  /** @param edition is about to be loaded; its content is read here */
  constructor(edition: Edition) {
    this.own = { ...edition, wire: WIRE_VERSION };
    this.#digest = digestOf(edition.path);
  }

  /** @param caller what the caller says of itself; public clients say nothing, and are served */
  judge(caller: Caller | undefined): CallerVerdict {
    if (caller === undefined) return { kind: 'served' };
    return judgeCaller(this.own, caller, () => this.#compare(caller));
  }

  #compare(caller: Caller): Content {
    const key = editionKey(caller);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const digest = digestOf(caller.path);
    const content =
      digest === undefined || this.#digest === undefined
        ? 'unknown'
        : digest === this.#digest
          ? 'same'
          : 'different';
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(key, content);
    return content;
  }
}

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
