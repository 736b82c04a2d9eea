/** What the tools load of solod at run time. No other file of the tools knows where its types are. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './paths.mjs';

/**
 * @typedef {typeof import('../../src/app/entry/index.js')} Library the package `solod`
 * @typedef {import('../../src/app/entry/index.js').ServiceFunction} ServiceFunction
 * @typedef {typeof import('../../src/app/entry/testing.js')} Testing the package `solod/testing`
 * @typedef {import('../../src/app/entry/testing.js').Rules} Rules of the simulated machine
 * @typedef {import('../../src/app/entry/testing.js').Action} Action on the simulated machine
 * @typedef {typeof import('../../src/app/wire/client.js')} Wire
 */

/** The wire is not part of the library's interface: who needs it bundles its source. */
export const WIRE_SOURCE = path.join(ROOT, 'src', 'app', 'wire', 'client.ts');

/** @param {string} name of a module in `dist` */
const load = (name) => import(pathToFileURL(path.join(ROOT, 'dist', name)).href);

/** @returns {Promise<Library>} */
export const loadLibrary = () => load('index.js');

/** @returns {Promise<Testing>} */
export const loadTesting = () => load('testing.js');
