/**
 * Which call the running code belongs to. `AsyncLocalStorage` carries it through promises, timers, events and
 * callbacks.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

export type Variables = Record<string, string>;

/** What code that is run for somebody sees in place of the process's own. */
export interface ProcessView {
  env: Variables;
  /** An absolute path; empty where the caller's directory was removed. */
  directory: string;
  /** 0 to 2: whether that stream leads to a terminal. */
  isTerminal(descriptor: number): boolean;
}

const storage = new AsyncLocalStorage<ProcessView | undefined>();

/** Undefined for solod's own code. */
export const currentView = (): ProcessView | undefined => storage.getStore();

export const runIn = <T>(view: ProcessView | undefined, act: () => T): T => storage.run(view, act);

/** A service is being loaded: for no caller, so it sees nothing of one. */
export const loadingView = (env: Variables, directory: string): ProcessView => ({
  env,
  directory,
  isTerminal: () => false,
});

/** Something of a process that calls in one process can't each have. */
export function notSupported(what: string, instead: string): Error {
  return Object.assign(new Error(`ENOTSUP: ${what} is not the caller's inside a call; ${instead}`), {
    code: 'ENOTSUP',
  });
}
