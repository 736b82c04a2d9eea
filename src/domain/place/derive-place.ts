/**
 * Where the daemons of a caller live: derived from what the caller sees, and the same for every caller that
 * may share a daemon. The native client derives it too (`native/src/domain/derive_place.rs`), and a table
 * of situations holds both to the same answers. See docs/places.md.
 */

import type { Environment } from '../../ports/environment.js';
import type { Cause } from '../../ports/readings.js';
import { type Distrust, distrustOf, isClosed } from './distrust.js';
import { join } from './layout.js';
import { isScopeWord, type MachineReading, partOf, type Standing, standingIn } from './scope.js';
import { followPath, type Look } from './trusted-path.js';

/** What a caller sees of itself. */
export interface CallerReading {
  readonly userId: number;
  /** `SOLOD_DIR`, `SOLOD_SCOPE`, `HOME` and the XDG variables are read. */
  readonly env: Environment;
  /** From here a relative `SOLOD_DIR` counts; empty if it has been removed. */
  readonly directory: string;
  /** The home that the user database has; asked only if that can make a difference. */
  home(): string | undefined;
  /** What `scopeText` says. */
  scope(): string;
  machine(): MachineReading;
}

export type BaseKind =
  /** `SOLOD_DIR`, or an option: the directory itself. */
  | 'named'
  /** `/run/user/<uid>`, which pam_systemd(8) makes: known to callers without `XDG_RUNTIME_DIR`, too. */
  | 'runtime'
  /** `XDG_STATE_HOME`. */
  | 'state-home'
  /** `HOME`. */
  | 'home'
  /** Another `XDG_RUNTIME_DIR`. After the home: cron and `su` don't have it, and would look elsewhere. */
  | 'session'
  /** The home that the user database has. */
  | 'user-home';

/** Why a base directory is not used. */
export type IgnoredWhy =
  | { readonly kind: 'relative' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign' }
  /** The runtime directory must have mode 0700 (XDG Base Directory Specification). */
  | { readonly kind: 'open' }
  /** The directories that are missing would be made in one of another user. */
  | { readonly kind: 'above-foreign'; readonly at: string }
  | { readonly kind: 'distrusted'; readonly at: string; readonly why: Distrust }
  | { readonly kind: 'failed'; readonly at: string; readonly cause: Cause };

export interface Ignored {
  readonly base: BaseKind;
  readonly path: string;
  readonly why: IgnoredWhy;
}

export interface DerivedPlace {
  readonly kind: 'place';
  readonly base: BaseKind;
  /** Absolute path of the state directory, with the links above it followed. */
  readonly asked: string;
  /** The directory of all names: the state directory, or this scope's part of it. */
  readonly root: string;
  readonly standing: Standing;
  readonly scope: string;
  readonly ignored: readonly Ignored[];
}

export type Derivation =
  | DerivedPlace
  | { readonly kind: 'no-home'; readonly ignored: readonly Ignored[] }
  | { readonly kind: 'no-directory' }
  | { readonly kind: 'scope-invalid'; readonly value: string }
  | {
      readonly kind: 'distrusted';
      readonly path: string;
      readonly why: Distrust;
      readonly ignored: readonly Ignored[];
    };

export interface Base {
  readonly kind: BaseKind;
  readonly path: string;
  readonly below: readonly string[];
}

/** The same answer for the same readings; changes nothing. */
export function derivePlace(caller: CallerReading, look: Look): Derivation {
  const { SOLOD_DIR, SOLOD_SCOPE } = caller.env;
  if (SOLOD_SCOPE && !isScopeWord(SOLOD_SCOPE)) return { kind: 'scope-invalid', value: SOLOD_SCOPE };
  if (SOLOD_DIR) return namedPlace(SOLOD_DIR, caller, look);
  const ignored: Ignored[] = [];
  for (const base of basesOf(caller, look)) {
    const judged = judgeBase(base, caller.userId, look);
    if (judged.kind === 'root') return settled(base.kind, judged.path, caller, look, ignored);
    ignored.push({ base: base.kind, path: base.path, why: judged });
  }
  const distrusted = ignored.find(({ why }) => why.kind === 'distrusted');
  return distrusted?.why.kind === 'distrusted'
    ? { kind: 'distrusted', path: distrusted.why.at, why: distrusted.why.why, ignored }
    : { kind: 'no-home', ignored };
}

/** Every base that can't be used, also those after the one that is. */
export const ignoredBases = (caller: CallerReading, look: Look): readonly Ignored[] =>
  caller.env.SOLOD_DIR
    ? []
    : [...basesOf(caller, look)].flatMap((base) => {
        const why = judgeBase(base, caller.userId, look);
        return why.kind === 'root' ? [] : [{ base: base.kind, path: base.path, why }];
      });

/** A named directory that can't be used is refused with its reason: no other one takes its place. */
function namedPlace(named: string, caller: CallerReading, look: Look): Derivation {
  const path = absolute(named, caller.directory);
  if (path === undefined) return { kind: 'no-directory' };
  const [above, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  const found = followPath(above || '/', caller.userId, look);
  switch (found.kind) {
    case 'distrusted':
      return { ...found, ignored: [] };
    case 'failed':
      // Making the directory fails the same way, and says so.
      return settled('named', path, caller, look, []);
    case 'there':
      return settled('named', name === '' ? '/' : below(found.path, [name]), caller, look, []);
    case 'missing':
      return settled('named', below(found.path, [...found.names, name]), caller, look, []);
  }
}

function settled(
  base: BaseKind,
  asked: string,
  caller: CallerReading,
  look: Look,
  ignored: readonly Ignored[],
): DerivedPlace {
  const scope = caller.scope();
  const standing = standingIn(asked, scope, look, () => caller.machine());
  const isPart = standing === 'part' || standing === 'new-part';
  return {
    kind: 'place',
    base,
    asked,
    root: isPart ? partOf(asked, scope) : asked,
    standing,
    scope,
    ignored,
  };
}

/** In their order. A generator: the user database is asked last. */
export function* basesOf(caller: CallerReading, look: Look): Generator<Base> {
  const { HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME } = caller.env;
  const runtime: Base = { kind: 'runtime', path: runtimeOf(caller), below: ['solod'] };
  const isApart = look.inspect(runtime.path).kind === 'entry' && livesApart(caller, look);
  if (!isApart) yield runtime;
  if (XDG_STATE_HOME) yield { kind: 'state-home', path: XDG_STATE_HOME, below: ['solod'] };
  if (HOME) yield { kind: 'home', path: HOME, below: STATE };
  if (XDG_RUNTIME_DIR && XDG_RUNTIME_DIR !== runtime.path)
    yield { kind: 'session', path: XDG_RUNTIME_DIR, below: ['solod'] };
  if (isApart) yield runtime;
  // An empty or relative HOME says on purpose that there is none.
  const known = HOME === undefined || HOME.startsWith('/') ? caller.home() : undefined;
  if (known !== undefined && known !== HOME) yield { kind: 'user-home', path: known, below: STATE };
}

const runtimeOf = ({ userId }: CallerReading): string => `/run/user/${userId}`;

/**
 * Whether a caller has a home, or a runtime directory, that is not its login's: a test, a build, a sandbox.
 * The daemons of the login are not its own, even if nothing hides them.
 */
function livesApart(caller: CallerReading, look: Look): boolean {
  const { HOME, XDG_RUNTIME_DIR } = caller.env;
  if (!HOME) return Boolean(XDG_RUNTIME_DIR) && XDG_RUNTIME_DIR !== runtimeOf(caller);
  const known = HOME.startsWith('/') ? caller.home() : undefined;
  if (known === undefined || known === HOME) return false;
  const [at, usual] = [HOME, known].map((path) => followPath(path, caller.userId, look));
  return !(at?.kind === 'there' && usual?.kind === 'there' && at.path === usual.path);
}

const STATE = ['.local', 'state', 'solod'];

/**
 * A base directory must be the caller's own (XDG Base Directory Specification), and so must be all that is
 * made in it.
 */
export function judgeBase(
  { kind, path, below: tail }: Base,
  userId: number,
  look: Look,
): { readonly kind: 'root'; readonly path: string } | IgnoredWhy {
  if (!path.startsWith('/')) return { kind: 'relative' };
  const base = followPath(path, userId, look);
  if (base.kind === 'distrusted')
    return base.path === path && base.why === 'above-foreign'
      ? { kind: 'foreign' }
      : { kind: 'distrusted', at: base.path, why: base.why };
  if (base.kind === 'failed') return { kind: 'failed', at: base.path, cause: base.cause };
  if (base.kind === 'missing' && kind !== 'state-home') return { kind: 'absent' };
  if (base.entry.userId !== userId) return base.kind === 'missing' ? { kind: 'absent' } : { kind: 'foreign' };
  if (base.kind === 'missing') return { kind: 'root', path: below(base.path, [...base.names, ...tail]) };
  if ((kind === 'runtime' || kind === 'session') && !isClosed(base.entry)) return { kind: 'open' };
  return judgeRoot(below(base.path, tail), userId, look);
}

function judgeRoot(
  path: string,
  userId: number,
  look: Look,
): { readonly kind: 'root'; readonly path: string } | IgnoredWhy {
  const cut = path.lastIndexOf('/');
  const above = followPath(path.slice(0, cut), userId, look);
  if (above.kind === 'distrusted') return { kind: 'distrusted', at: above.path, why: above.why };
  if (above.kind === 'failed') return { kind: 'failed', at: above.path, cause: above.cause };
  const root = join(above.path, path.slice(cut + 1));
  const seen = above.kind === 'there' ? look.inspect(root) : undefined;
  if (seen?.kind === 'entry') {
    const why = distrustOf(seen.entry, userId);
    return why === undefined ? { kind: 'root', path: root } : { kind: 'distrusted', at: root, why };
  }
  if (above.entry.userId !== userId) return { kind: 'above-foreign', at: above.path };
  const missing = above.kind === 'missing' ? above.names : [];
  return { kind: 'root', path: below(above.path, [...missing, path.slice(cut + 1)]) };
}

const below = (path: string, names: readonly string[]): string => join(path === '/' ? '' : path, ...names);

/** By its text alone, as path.resolve of Node does it. */
function absolute(path: string, directory: string): string | undefined {
  if (!path.startsWith('/') && !directory.startsWith('/')) return undefined;
  const names: string[] = [];
  for (const name of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}
