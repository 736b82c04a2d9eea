/**
 * How a daemon on Windows is found: a file that names a pipe, and holds a key. Pipes have one name space for
 * all users, and nothing in Node tells who owns one (nodejs/node#47086). So both ends prove that they have
 * read the file, which lies in a directory of one user's own, before either says anything else.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { basename, dirname } from 'node:path';

export interface PipeRecord {
  readonly pipe: string;
  /** Hexadecimal. */
  readonly key: string;
}

export const NONCE_BYTES = 16;
export const PROOF_BYTES = 32;
/** What a caller says first: a nonce, and the proof that it knows the key. */
export const GREETING_BYTES = NONCE_BYTES + PROOF_BYTES;

/** A name that nobody can guess, and a key that nobody else has seen. */
export const newRecord = (): PipeRecord => ({
  pipe: `\\\\.\\pipe\\solod-${randomBytes(16).toString('hex')}`,
  key: randomBytes(PROOF_BYTES).toString('hex'),
});

/**
 * The daemon's name, of which a record tells, so that one that was copied leads no caller to another daemon.
 */
const nameIn = (path: string): string => basename(dirname(dirname(path)));

/** @param path of the record: in a directory of the name's own, before and after it is published */
export const recordText = ({ pipe, key }: PipeRecord, path: string): string =>
  `${pipe}\n${key}\n${nameIn(path)}\n`;

const RECORD = /^(\\\\\.\\pipe\\solod-[0-9a-f]{32})\n([0-9a-f]{64})\n(.*)\n$/;

/** @returns undefined for a text that no daemon of that name has written, or only a part of one */
export function parseRecord(text: string, path: string): PipeRecord | undefined {
  const [, pipe, key, name] = RECORD.exec(text) ?? [];
  if (pipe === undefined || key === undefined) return undefined;
  return name === nameIn(path) ? { pipe, key } : undefined;
}

export type End = 'caller' | 'daemon';

const proofOf = ({ pipe, key }: PipeRecord, end: End, nonce: Buffer): Buffer =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(`${end} ${pipe} `).update(nonce).digest();

export function newGreeting(record: PipeRecord): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([nonce, proofOf(record, 'caller', nonce)]);
}

/** @returns what the daemon answers; undefined to a caller that does not know the key */
export function answerTo(record: PipeRecord, greeting: Buffer): Buffer | undefined {
  const nonce = greeting.subarray(0, NONCE_BYTES);
  const isKnown = timingSafeEqual(greeting.subarray(NONCE_BYTES), proofOf(record, 'caller', nonce));
  return isKnown ? proofOf(record, 'daemon', nonce) : undefined;
}

/** Whether an answer to that greeting proves that the daemon of the record gave it. */
export const isProof = (record: PipeRecord, greeting: Buffer, answer: Buffer): boolean =>
  timingSafeEqual(answer, proofOf(record, 'daemon', greeting.subarray(0, NONCE_BYTES)));
