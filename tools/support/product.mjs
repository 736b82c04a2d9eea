/** What solod was built into, loaded at run time and typed by its sources. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './paths.mjs';

/** @param {string} name of a module in `dist` */
const load = (name) => import(pathToFileURL(path.join(ROOT, 'dist', name)).href);

/** @returns {Promise<typeof import('../../src/app/library/index.js')>} the package `solod` */
export const loadLibrary = () => load('index.js');

/** @returns {Promise<typeof import('../../src/app/library/testing.js')>} the package `solod/testing` */
export const loadTesting = () => load('testing.js');
