/**
 * The environment for what a script starts: this process's, without what makes every start of Node slower, and with daemons also
 * where `CI` is set.
 * @returns {NodeJS.ProcessEnv}
 */
export function plainEnvironment() {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;
  return { ...env, SOLOD: 'on' };
}
