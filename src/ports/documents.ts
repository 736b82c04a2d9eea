import type { Absent, ChangeReading, Failed, WrongType } from './readings.js';

/** A file that a person keeps: what it says, and whose it is. */
export interface Document {
  readonly text: string;
  /** Permission bits alone (07777). */
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
}

/** Without an owner it is whose process makes it. */
export type Draft = Pick<Document, 'text' | 'mode'> & Partial<Pick<Document, 'userId' | 'groupId'>>;

export type DocumentReading =
  | { readonly kind: 'document'; readonly document: Document }
  | Absent
  | WrongType
  | Failed;

export type PathReading = { readonly kind: 'path'; readonly path: string } | Absent | WrongType | Failed;

/**
 * A person's own files, as opposed to those of a state directory: they count byte for byte, and outlive a
 * power cut.
 */
export interface Documents {
  /** realpath(3). */
  resolve(path: string): PathReading;
  /** The whole of a regular file; a link in the last place is not followed. What is not UTF-8 is `failed`. */
  read(path: string): DocumentReading;
  /** Creates a file that must not exist, with exactly that mode and owner; on the disk when this returns. */
  create(path: string, draft: Draft): ChangeReading;
  /**
   * Gives a file a name that nothing has yet, instead of its own: link(2), unlink(2); on the disk when this
   * returns.
   */
  publish(from: string, to: string): ChangeReading;
  /** rename(2), on the disk when this returns. */
  replace(from: string, to: string): ChangeReading;
}
