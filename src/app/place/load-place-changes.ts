import { loadBundle } from '../environment/bundle-files.js';
import * as changes from './place-changes.js';

/**
 * What changes a place. Callers and daemons of a settled place never load it. The library has it in its own
 * modules, so that a tool that bundles the library has it too.
 */
export const placeChanges = (): typeof changes =>
  typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY
    ? changes
    : loadBundle<typeof changes>('place-changes.cjs');
