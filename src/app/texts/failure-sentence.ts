/** What is said of a failure, loaded when something has failed. */

import type { Failure } from '../../domain/failure.js';
import type { KickWarning } from '../../domain/obtain/kick.js';
import { loadBundle } from '../environment/bundle-files.js';
import * as texts from './failure-text.js';

const loaded = (): typeof texts =>
  typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY
    ? texts
    : loadBundle<typeof texts>('failure-text.cjs');

export const sentence = (failure: Failure): string => loaded().sentence(failure);

export const failureMessage = (failure: Failure): string => loaded().failureMessage(failure);

/** Stable: `solod explain <code>` tells more. */
export const codeOf = (failure: Failure): string => loaded().codeOf(failure);

export const warningCode = (warning: KickWarning): string => loaded().warningCode(warning);

/** What a kick says although it has started a daemon. */
export const kickWarning = (warning: KickWarning): string => loaded().kickWarning(warning);
