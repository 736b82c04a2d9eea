/**
 * For the programs that solod starts by itself: they say in a sentence what else only a stack would tell.
 * `bin/solod` does the same for the command.
 */

import { writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeSuffix } from '../../domain/text/error-code.js';
import { SPEAKER } from '../../domain/text/speaker.js';
import { siblingFile } from './bundle-files.js';
import { EXIT } from './exit-codes.js';

function end(sentence: string): never {
  writeSync(2, `${SPEAKER}${sentence}${codeSuffix('SOLOD_E_NOT_EXECUTED')}\n`);
  process.exit(EXIT.osError);
}

/** The bundle of this release that could not be loaded; undefined for every other error. */
function missingBundle(error: NodeJS.ErrnoException): string | undefined {
  const missing =
    error.code === 'ENOENT' ? error.path : /^Cannot find module '(.*)'/.exec(error.message)?.[1];
  const isLoading = error.code === 'MODULE_NOT_FOUND' || error.code === 'ENOENT';
  const isOwn = missing?.endsWith('.cjs') && dirname(missing) === dirname(siblingFile('x'));
  return isLoading && isOwn ? missing : undefined;
}

/** To be called before anything else is loaded. A Node that is too old ends here. */
export function tellWhatIsMissing(): void {
  const { execPath, versions } = process;
  if (process.getBuiltinModule === undefined)
    end(`${execPath} is Node ${versions.node}, which is too old; put Node 20.19 or newer first in PATH`);
  // Only looks on: every other error ends the process as it does without this.
  process.on('uncaughtExceptionMonitor', (error: Error | undefined) => {
    const missing = error instanceof Error ? missingBundle(error) : undefined;
    if (missing !== undefined)
      end(`${missing} was looked for, and is not there; install solod again (npm install solod)`);
  });
}
