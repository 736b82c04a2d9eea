import { EXIT } from '../environment/exit-codes.js';
import { messageOf } from './complaint.js';
import { TROUBLE } from './runtime-text.js';
import { USAGE } from './usage-text.js';

/**
 * Reports in one line what the system refuses where no code expects it. Only bugs get a stack trace.
 * @param say tells a sentence to the user
 * @returns exit code
 */
export async function refusingByLine(
  say: (line: string) => void,
  act: () => Promise<number>,
): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const isDirectoryGone = error.syscall === 'uv_cwd';
    say(messageOf(isDirectoryGone ? USAGE.noDirectory() : TROUBLE.refused(error.message)));
    return isDirectoryGone ? EXIT.usage : EXIT.osError;
  }
}
