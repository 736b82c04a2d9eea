/** A bundle of its own: a call, a kick and a daemon load it only where a place changes. */

export { retireElsewhere } from './retire-elsewhere.js';
export { takePlace, touchPlace } from './take-place.js';
