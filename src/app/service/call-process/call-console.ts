/** The global `console`: prints to the caller in a call, and to the log outside. */

import { currentCall } from './call-process.js';
import { redefine, replace } from './patch.js';
import { ownStream } from './process-object.js';

export function replaceConsole(): void {
  // It keeps the streams that it finds when it first prints, which may be in a call.
  redefine(console, '_stdout', () => ownStream('stdout'));
  redefine(console, '_stderr', () => ownStream('stderr'));
  const methods = Object.keys(console).filter(
    (name) => !['Console', 'context', 'profile', 'profileEnd', 'timeStamp'].includes(name),
  );
  for (const name of methods)
    replace(console, name, (original) => (...args: unknown[]) => {
      const call = currentCall();
      if (call === undefined) return original.apply(console, args);
      if (call.isOver) return call.printLate(() => original.apply(console, args));
      const own = call.console as unknown as Record<string, (...args: unknown[]) => unknown>;
      return own[name]?.(...args);
    });
}
