/** What a run was measured with: the machine, and the versions of all programs. */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { ownVersion, peerVersions } from '../support/prepare.mjs';

/**
 * @param {string | undefined} program
 * @param {string} flag
 * @param {RegExp} pattern
 * @returns {string | undefined} undefined if it is missing
 */
function versionOf(program, flag, pattern) {
  if (program === undefined) return undefined;
  return pattern.exec(spawnSync(program, [flag], { encoding: 'utf8' }).stdout)?.[1] ?? '?';
}

/** @param {import('./workbench.mjs').Workbench} bench @returns {Record<string, string>} */
export function versionsOf(bench) {
  const ng = versionOf(bench.program('ng', ['ng-nailgun', 'ng']), '--nailgun-version', /(\d[\d.]*)/);
  const socat = versionOf(bench.program('socat', ['socat']), '-V', /socat version (\S+)/);
  return {
    solod: ownVersion(),
    ...peerVersions(),
    ...(ng === undefined ? {} : { ng }),
    ...(socat === undefined ? {} : { socat }),
  };
}

/** @returns {string} */
export function machineText() {
  const [cpu] = os.cpus();
  const gib = Math.round(os.totalmem() / 1024 ** 3);
  return `${os.cpus().length} × ${cpu?.model.trim() ?? os.arch()}, ${gib} GiB, ${os.type()} ${os.release()}`;
}

/** @returns {string} the load average of the last minute */
export const loadText = () => (os.loadavg()[0] ?? 0).toFixed(1);
