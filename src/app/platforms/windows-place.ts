import { win32 } from 'node:path';
import type { BaseKind, Derivation, DerivedPlace } from '../../domain/place/derive-place.js';
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

/**
 * Where daemons live on Windows: `SOLOD_DIR`, else `%LOCALAPPDATA%\solod`, else the same by way of
 * `%USERPROFILE%` (Known Folders, learn.microsoft.com: FOLDERID_LocalAppData).
 * @param directory from here a relative `SOLOD_DIR` counts; empty if it has been removed
 */
export function windowsPlace(env: Environment, directory: string): Derivation {
  const { SOLOD_DIR, LOCALAPPDATA, USERPROFILE } = env;
  if (SOLOD_DIR)
    return directory === '' && !win32.isAbsolute(SOLOD_DIR)
      ? { kind: 'no-directory' }
      : placeAt('named', win32.resolve(directory, SOLOD_DIR));
  if (LOCALAPPDATA && win32.isAbsolute(LOCALAPPDATA))
    return placeAt('home', win32.join(LOCALAPPDATA, 'solod'));
  if (USERPROFILE && win32.isAbsolute(USERPROFILE))
    return placeAt('user-home', win32.join(USERPROFILE, 'AppData', 'Local', 'solod'));
  return { kind: 'no-home', ignored: [] };
}
