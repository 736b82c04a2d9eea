import { EXIT } from '../environment/exit-codes.js';
import { systemRefused, textOf, USAGE } from './failure-text.js';

/**
 * What the system refuses in a place that nobody has thought of is told in a line: a stack trace is for bugs.
 * @param say tells a sentence to the user
 * @returns the exit code
 */
export async function refusingByLine(
  say: (line: string) => void,
  act: () => Promise<number>,
): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const isDirectory = error.syscall === 'uv_cwd';
    say(textOf(isDirectory ? USAGE.noDirectory() : systemRefused(error.message)));
    return isDirectory ? EXIT.usage : EXIT.osError;
  }
}
