/**
 * What the domain asks of the world. A machine's command is one call on one of these, and its reading is what the call
 * returned; so whoever implements the ports (Node, memory, a simulator) sees every step there is, and may stop,
 * reorder or kill between any two of them.
 *
 * Nothing here throws for an expected failure: an errno is read once, by the adapter, and what it does not know it
 * hands on as `failed` with its cause.
 */

import type { HeldBack, Word } from './ledger.js';
import type { SpawnReason } from './spawn-plan.js';

/** An error as the system named it: its code (`ENOSPC`, …) and its message. */
export interface Cause {
  readonly code: string;
  readonly message: string;
}

/** One moment, read from both clocks. */
export interface Instant {
  /** Milliseconds from an arbitrary origin; never goes back. For deadlines and durations. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970 by the wall clock, which may jump. Only for what is written to disk and read by others. */
  readonly wallMs: number;
}

export interface Done {
  readonly kind: 'done';
}
/** No entry of that name (ENOENT). */
export interface Absent {
  readonly kind: 'absent';
}
/** Something is there already, and the call was exclusive (EEXIST, ENOTEMPTY). */
export interface Occupied {
  readonly kind: 'occupied';
}
/** What is there is of another type than the call is made for (ENOTDIR, EISDIR, EINVAL of readlink, ELOOP). */
export interface WrongType {
  readonly kind: 'wrong-type';
}
export interface Failed {
  readonly kind: 'failed';
  readonly cause: Cause;
}

export type ChangeReading = Done | Absent | Occupied | WrongType | Failed;

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
export type TextReading = { readonly kind: 'text'; readonly text: string } | Absent | WrongType | Failed;

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
  /** rename(2): refuses a non-empty directory at `to`, replaces anything else of the same type, never follows a link. */
  rename(from: string, to: string): ChangeReading;
  /** unlink(2): refuses a directory. */
  removeFile(path: string): ChangeReading;
  /** rmdir(2): refuses a directory that holds anything. */
  removeDirectory(path: string): ChangeReading;
  /** Removes a tree that no other process uses any more; an absent one is `done`. */
  removeTree(path: string): ChangeReading;
}

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

/** A person's own files, as opposed to those of a state directory: they count byte for byte, and outlive a power cut. */
export interface Documents {
  /** realpath(3). */
  resolve(path: string): PathReading;
  /** The whole of a regular file; a link in the last place is not followed. What is not UTF-8 is `failed`. */
  read(path: string): DocumentReading;
  /** Creates a file that must not exist, with exactly that mode and owner; on the disk when this returns. */
  create(path: string, draft: Draft): ChangeReading;
  /** Gives a file a name that nothing has yet, instead of its own: link(2), unlink(2); on the disk when this returns. */
  publish(from: string, to: string): ChangeReading;
  /** rename(2), on the disk when this returns. */
  replace(from: string, to: string): ChangeReading;
}

/** What connect(2) said; `errno` holds the system's code, whatever it was: the verdict tables judge it. */
export type ConnectReading =
  | { readonly kind: 'connected' }
  | { readonly kind: 'silent' }
  /** The name refers to the caller's own listener, which a supervisor handed over to it. Nothing was tried. */
  | { readonly kind: 'own' }
  | { readonly kind: 'errno'; readonly cause: Cause };

/** What became of a connection on which the caller waited for the daemon's first word. */
export type GreetReading =
  /** The daemon has taken the request on. */
  | { readonly kind: 'accepted' }
  /** The daemon is on its way out and has not begun anything; if for an upgrade, then for this caller's newer version. */
  | { readonly kind: 'draining'; readonly why?: 'upgrade' | undefined }
  /** The daemon is newer, and what it speaks this caller does not. Nothing was begun. */
  | { readonly kind: 'outdated'; readonly message: string }
  /** The daemon lives but will not do it: its service does not load, say. Nothing was begun. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  /** The connection ended before any word. Nothing was begun. */
  | { readonly kind: 'ended' }
  /** No word within the time. */
  | { readonly kind: 'silent' };

/** Holds one connection at most: the latest. Connecting again, or dropping the probe, closes the one before. */
export interface SocketProbe {
  connect(path: string, withinMs: number): Promise<ConnectReading>;
  /** Says what the caller came to say on the latest connection, and waits for the first word. */
  greet(withinMs: number): Promise<GreetReading>;
}

/** How a candidate gets its own socket: bind(2) and listen(2) on a name that is still private. */
export interface Listener {
  listen(path: string): Promise<ChangeReading>;
  /** Closes the socket of a candidate that gives way. A daemon never calls it: its listener lives as long as it does. */
  close(): Promise<ChangeReading>;
}

/** A process that lives, lived, or can't be seen. */
export type ProcessReading =
  | {
      readonly kind: 'present';
      /** What tells it from a later process of the same id; opaque, compared for equality. Empty when unknown. */
      readonly startTime: string;
      readonly activity: 'running' | 'stopped' | 'zombie';
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'hidden'; readonly cause: Cause };

export type TerminationSignal = 'SIGTERM' | 'SIGKILL';

/** `absent`: there is no such process any more. */
export type SignalReading = Done | Absent | Failed;

export interface ProcessTable {
  lookUp(pid: number): ProcessReading;
  /** kill(2). Only with proof of who has that id. */
  signal(pid: number, signal: TerminationSignal): SignalReading;
}

export type SpawnReading =
  | { readonly kind: 'spawned'; readonly pid: number; readonly startTime: string }
  /** The system said no: nothing runs. */
  | { readonly kind: 'refused'; readonly cause: Cause }
  /** The runtime threw: nothing runs. */
  | { readonly kind: 'threw'; readonly cause: Cause }
  /** It was not tried: the last ones died at their start, one after the other. */
  | HeldBack;

export type ChildReading =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'ended';
      readonly code: number | undefined;
      readonly signal: string | undefined;
      /** What it said of its end itself; undefined where it could not. */
      readonly word?: Word | undefined;
      /** The end of what it wrote, at most a few kilobytes. */
      readonly lastOutput: string;
    };

/** The one boundary that starts processes. What is started is fixed when the spawner is made; each start has a reason. */
export interface Spawner {
  /** Starts the daemon. `lockNonce` names the spawn lock that the daemon ends; empty when there is none. */
  spawn(reason: SpawnReason, lockNonce: string): SpawnReading;
  /** What has become of a child that this spawner started. */
  check(pid: number): ChildReading;
}

export type SleepReading = Done;

export interface Clock {
  now(): Instant;
  /**
   * Ends early where there is news of what is waited for.
   * @param ms milliseconds by the monotonic clock
   */
  sleep(ms: number): Promise<SleepReading>;
}
