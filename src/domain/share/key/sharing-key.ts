/** What two clients must have in common to share a process, and what that process is given. */

import { isBasic, isSessionNoise } from './session-noise.js';

export interface SharingWish {
  /** An absolute path. */
  readonly executable: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** `any`: where a client is makes no difference. */
  readonly from: 'same-directory' | 'any-directory';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The variables that count, beside the basic ones; undefined for all but noise. */
  readonly only: readonly string[] | undefined;
  /** How the process is used: other terms, another process. */
  readonly terms: string;
}

/** The parts, each of which must be the same. A variable is written `NAME=value`. */
export interface SharingKey {
  readonly executable: string;
  readonly args: readonly string[];
  /** Empty where any will do. */
  readonly directory: string;
  readonly variables: readonly string[];
  readonly terms: string;
}

export function sharingKey(wish: SharingWish): SharingKey {
  const { executable, args, directory, from, terms } = wish;
  const variables = Object.entries(variablesFor(wish)).map(([name, value]) => `${name}=${value}`);
  return {
    executable,
    args,
    directory: from === 'any-directory' ? '' : directory,
    variables: variables.sort(),
    terms,
  };
}

/** The whole environment of the process: what is not part of the key, no server sees. */
export function variablesFor({
  env,
  only,
}: Pick<SharingWish, 'env' | 'only'>): Readonly<Record<string, string>> {
  const counts = (name: string): boolean =>
    only === undefined
      ? !isSessionNoise(name)
      : only.includes(name) || (isBasic(name) && !isSessionNoise(name));
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && counts(entry[0]),
    ),
  );
}

export const keyText = (key: SharingKey): string => JSON.stringify(key);

export interface KeyDifference {
  readonly part: 'executable' | 'args' | 'directory' | 'variable' | 'terms';
  /** Of the variable; else what the other one has. */
  readonly what: string;
}

/**
 * Why two clients don't share.
 * @param other whose variables may be written `NAME` and a digest of the value, if `own` is written so too
 */
export function differences(own: SharingKey, other: SharingKey): readonly KeyDifference[] {
  const found: KeyDifference[] = [];
  if (own.executable !== other.executable) found.push({ part: 'executable', what: other.executable });
  if (JSON.stringify(own.args) !== JSON.stringify(other.args))
    found.push({ part: 'args', what: other.args.join(' ') });
  if (own.directory !== other.directory) found.push({ part: 'directory', what: other.directory || 'any' });
  if (own.terms !== other.terms) found.push({ part: 'terms', what: other.terms });
  for (const name of differingNames(own.variables, other.variables))
    found.push({ part: 'variable', what: name });
  return found;
}

function differingNames(own: readonly string[], other: readonly string[]): readonly string[] {
  const [ours, theirs] = [new Set(own), new Set(other)];
  const different = [...own.filter((one) => !theirs.has(one)), ...other.filter((one) => !ours.has(one))];
  return [...new Set(different.map((one) => one.slice(0, one.indexOf('='))))].sort();
}
