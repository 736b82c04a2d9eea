import { loadBundle } from '../environment/bundle-files.js';

/** What the build says of itself: true in the library, whose files may become part of another program; false in solod's own programs. */
declare const SOLOD_LIBRARY: boolean | undefined;

type Inline = typeof import('./call-inline.js');

/**
 * Loads what it takes to run a service in this process. The library names it as a module of its own: who bundles the library into a
 * tool has it in the bundle then, where there is no file beside it.
 */
export function loadInline(): Promise<Inline> {
  if (typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY) return import('./call-inline.js');
  return Promise.resolve(loadBundle<Inline>('inline.cjs'));
}
