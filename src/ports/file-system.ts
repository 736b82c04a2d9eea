/** Files that processes of solod share: each call is atomic where one system call suffices. */

import type { Absent, ChangeReading, Failed, TextReading, WrongType } from './readings.js';

export type EntryType = 'file' | 'directory' | 'link' | 'socket' | 'other';

/** What lstat(2) says of a name. */
export interface Entry {
  readonly type: EntryType;
  readonly userId: number;
  /** Permission bits alone (07777). */
  readonly mode: number;
  /** Last modification by the wall clock, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

export type InspectReading = { readonly kind: 'entry'; readonly entry: Entry } | Absent | WrongType | Failed;

export type ListReading =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | Absent
  | WrongType
  | Failed;

export type LinkReading = { readonly kind: 'target'; readonly target: string } | Absent | WrongType | Failed;

/** Each method is one system call where one suffices, and else touches only what is private to its caller. */
export interface FileSystem {
  /** mkdir(2), mode 0700. */
  makeDirectory(path: string): ChangeReading;
  /** mkdir(2), mode 0700, with its missing parents; `done` also where it exists. */
  makeDirectories(path: string): ChangeReading;
  /** lstat(2). */
  inspect(path: string): InspectReading;
  /** chmod(2) of a directory to 0700. */
  tighten(path: string): ChangeReading;
  /** The names in a directory, in no particular order. */
  list(path: string): ListReading;
  /** readlink(2). */
  readLink(path: string): LinkReading;
  /** The whole of a small text file. */
  readText(path: string): TextReading;
  /** Creates a file, mode 0600, that must not exist, with that text. */
  createFile(path: string, text: string): ChangeReading;
  /** Appends to a file that must exist: what another process removed is not brought back. */
  appendText(path: string, text: string): ChangeReading;
  /** symlink(2). */
  makeLink(target: string, path: string): ChangeReading;
  /**
   * rename(2): refuses a non-empty directory at `to`, replaces anything else of the same type, never follows
   * a link.
   */
  rename(from: string, to: string): ChangeReading;
  /** unlink(2): refuses a directory. */
  removeFile(path: string): ChangeReading;
  /** rmdir(2): refuses a directory that holds anything. */
  removeDirectory(path: string): ChangeReading;
  /** Removes a tree that no other process uses any more; an absent one is `done`. */
  removeTree(path: string): ChangeReading;
}
