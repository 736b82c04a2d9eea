/**
 * The environment for the processes that a tool starts: this process's own, without the variables that slow
 * down every start of Node, and with `SOLOD=on`, so that daemons start in CI too.
 * @returns {NodeJS.ProcessEnv}
 */
export function plainEnvironment() {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;
  return { ...env, SOLOD: 'on' };
}
