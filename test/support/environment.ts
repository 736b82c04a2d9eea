/**
 * What every test file begins with: surroundings that say nothing of daemons, and a kill(2) that can't hit
 * the tests themselves.
 */

// A machine for continuous integration sets CI, for which the command does without daemons.
for (const name of ['CI', 'NO_COLOR', 'SOLOD', 'SOLOD_DIR', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'])
  delete process.env[name];

const kill = process.kill.bind(process);

/**
 * 0 and below are groups to kill(2), this very process's among them: a misread process id would stop the
 * whole run for ever.
 */
process.kill = (pid, signal) => {
  if (!Number.isInteger(pid) || pid <= 0) throw new Error(`${pid} is no process id`);
  return kill(pid, signal);
};
