/** What every tool does with its command line, its terminal and its end. */
import os from 'node:os';
import { parseArgs } from 'node:util';

/** Exit codes of sysexits(3). */
export const EXIT = /** @type {const} */ ({ usage: 64, unavailable: 69, software: 70, gaveUp: 75 });

/**
 * Ends the process for a mistake on its command line.
 * @param {string} tool
 * @param {string} message
 * @returns {never}
 */
export function refuse(tool, message) {
  console.error(`${tool}: ${message}`);
  process.exit(EXIT.usage);
}

/**
 * Reads the command line; ends the process for an option that does not exist.
 * @template {import('node:util').ParseArgsConfig} Config
 * @param {string} tool
 * @param {Config} config
 * @param {string} [hint] what the message ends with
 * @returns {ReturnType<typeof parseArgs<Config>>}
 */
export function readArguments(tool, config, hint = '') {
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(tool, `${messageOf(error)}${hint}`);
  }
}

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** Shows how far a tool is: one line, on a terminal only. @param {string} text '' to clear the line */
export function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Cleans up at the end of this process, also when a signal ends it. @param {() => void} cleanUp */
export function atExit(cleanUp) {
  process.on('exit', cleanUp);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => process.exit(128 + os.constants.signals[signal]));
}
