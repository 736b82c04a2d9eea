/**
 * `process.exitCode` can't be redefined on the process itself, so code is given a proxy of the process. Where
 * Node has no hooks for `import … from 'node:process'` (before 22.15), that import leads to the real one,
 * past the proxy.
 */

const real = process;

/** @returns what was set past the proxy, if it can only be one call's */
export function takeUnseenExitCode(running: number): number | undefined {
  const code = real.exitCode;
  if (code === undefined || code === null) return undefined;
  real.exitCode = undefined;
  if (running <= 1) return Number(code);
  throw new Error(
    `process.exitCode was set through an import by one of ${running} calls. ` +
      `Node ${process.version} does not tell which; use the global process`,
  );
}
