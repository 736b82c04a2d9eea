/**
 * The setup of every test file: an environment without settings of solod, and a kill(2) that can't hit the
 * tests.
 */

// Continuous integration sets CI, and then the command works without daemons.
for (const name of ['CI', 'NO_COLOR', 'SOLOD', 'SOLOD_DIR', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'])
  delete process.env[name];

const GUARDED = Symbol.for('solod.test.guarded-kill');

/** Unit tests share a process, so another file may have put the guard there. */
if (!(GUARDED in process.kill)) {
  const kill = process.kill.bind(process);
  /** For kill(2), 0 and below are process groups. A misread process id would end the whole run. */
  const guarded: typeof process.kill = (pid, signal) => {
    if (!Number.isInteger(pid) || pid <= 0) throw new Error(`${pid} is not a process id`);
    return kill(pid, signal);
  };
  process.kill = Object.assign(guarded, { [GUARDED]: true });
}
