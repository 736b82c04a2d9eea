/**
 * `process.exitCode` can't be redefined on the process itself, so code is given a proxy of the process. Where
 * Node has no hooks for `import … from 'node:process'` (before 22.15), that import leads to the real one,
 * past the proxy.
 */

const real = process;

/** Bun takes no exit code back: it is 0 there, which means the same. */
export function clearExitCode(): void {
  real.exitCode = undefined;
  if (real.exitCode !== undefined) real.exitCode = 0;
}

/** @returns what was set past the proxy, if it can only be one call's */
export function takeUnseenExitCode(running: number): number | undefined {
  const code = real.exitCode;
  if (code === undefined || code === null) return undefined;
  clearExitCode();
  // That is what is left of an earlier call.
  if (real.exitCode === code) return undefined;
  if (running <= 1) return Number(code);
  throw new Error(
    `process.exitCode was set through an import by one of ${running} calls. ` +
      `Node ${process.version} does not tell which; use the global process`,
  );
}
