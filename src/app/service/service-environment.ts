/**
 * Which variables a service wants its daemon to have, besides those that every daemon gets. They are read off
 * its text.
 */

import { readHead } from './service-file.js';

/**
 * Like the version: an array of string literals. It stands before `run`, whose code may contain something
 * that looks like it.
 */
const OWN_ENVIRONMENT =
  /\bdefineService\(\s*\{(?:(?!\brun\b)[^}]){0,2000}?\benvironment:\s*\[((?:[^\]'"]|'[^'\n]*'|"[^"\n]*"){0,4000}?)\]/;
const WORD = /(['"])([^'"\n]*)\1/g;

export function ownEnvironmentIn(text: string): readonly string[] {
  const [, words = ''] = OWN_ENVIRONMENT.exec(text) ?? [];
  return [...words.matchAll(WORD)].map(([, , word = '']) => word);
}

/** @param real real path of the service file */
export function ownEnvironmentOf(real: string): readonly string[] {
  return ownEnvironmentIn(readHead(real)?.text ?? '');
}
