import { win32 } from 'node:path';
import type { BaseKind, Derivation, DerivedPlace } from '../../domain/place/derive-place.js';
import { isDevice } from '../../domain/place/layout.js';
import type { Environment } from '../../ports/environment.js';

/** What lies under a user's profile is that user's alone, and there is one scope: namespaces are Linux's. */
const placeAt = (base: BaseKind, root: string): DerivedPlace => ({
  kind: 'place',
  base,
  asked: root,
  root,
  standing: 'own',
  scope: '',
  ignored: [],
});

/** What no name of a file has (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are among it.
const FORBIDDEN = /[<>:"|?*\0-\x1f]/;
/** Such a path is taken as it is. */
const LITERAL = '\\\\?\\';

/**
 * A directory that is named. Node gives Windows each path literally, and other programs don't: they open a
 * device in place of `nul`, and `a` in place of `a.` or `a `.
 */
function namedPlace(named: string, directory: string): Derivation {
  if (directory === '' && !win32.isAbsolute(named)) return { kind: 'no-directory' };
  const whole = win32.resolve(directory, named);
  if (whole.startsWith(LITERAL)) return placeAt('named', whole);
  const { root } = win32.parse(whole);
  const given = whole.slice(root.length).split('\\');
  const names = given.map((name) => name.replace(/[. ]+$/, '')).filter((name) => name !== '');
  const path = root + names.join('\\');
  return names.some((name) => FORBIDDEN.test(name) || isDevice(name))
    ? { kind: 'distrusted', path, why: 'no-directory', ignored: [] }
    : placeAt('named', path);
}

/**
 * Where daemons live on Windows: `SOLOD_DIR`, else `%LOCALAPPDATA%\solod`, else the same by way of
 * `%USERPROFILE%` (Known Folders, learn.microsoft.com: FOLDERID_LocalAppData).
 * @param directory from here a relative `SOLOD_DIR` counts; empty if it has been removed
 */
export function windowsPlace(env: Environment, directory: string): Derivation {
  const { SOLOD_DIR, LOCALAPPDATA, USERPROFILE } = env;
  if (SOLOD_DIR) return namedPlace(SOLOD_DIR, directory);
  if (LOCALAPPDATA && win32.isAbsolute(LOCALAPPDATA))
    return placeAt('home', win32.join(LOCALAPPDATA, 'solod'));
  if (USERPROFILE && win32.isAbsolute(USERPROFILE))
    return placeAt('user-home', win32.join(USERPROFILE, 'AppData', 'Local', 'solod'));
  return { kind: 'no-home', ignored: [] };
}
