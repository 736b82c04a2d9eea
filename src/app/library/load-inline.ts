import { loadBundle } from '../environment/bundle-files.js';

type Inline = typeof import('./call-inline.js');

/**
 * Loads what runs a service in this process. The library imports it as a module, so that a tool that bundles
 * the library has it in its bundle. Solod's own programs load the bundle beside them.
 */
export async function loadInline(): Promise<Inline> {
  return typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY
    ? import('./call-inline.js')
    : loadBundle<Inline>('inline.cjs');
}
