/** Claims a name for a service's daemon. A process that gives way loads next to nothing. */

import type { Socket } from 'node:net';
import { layout } from '../../domain/place/layout.js';
import { servedByText } from '../../domain/text/log-parts.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { type Claimed, type ClaimResult, claimTarget } from '../library/claim-name.js';
import type { StartReport } from '../library/start-report.js';
import type { DaemonHost } from '../platforms/host.js';
import { failureMessage } from '../texts/failure-sentence.js';
import type { DaemonSettings } from './daemon.js';
import { useCompileCache } from './start/compile-cache.js';
import type { KeptCode } from './start/kept-code.js';

/**
 * Runs until the daemon ends, and the process with it.
 * @param claimed where this process has claimed already
 * @returns exit code of a process that does not serve: 0 if another one does
 */
export async function runDaemon(
  host: DaemonHost<Socket>,
  settings: DaemonSettings & {
    readonly compileCache: 'on' | 'off' | undefined;
    readonly code: KeptCode | undefined;
  },
  report: StartReport,
  claimed: Claimed | undefined,
): Promise<number> {
  const { path: service, version } = settings.edition;
  const claiming = { service, version, handed: settings.handed };
  const result = claimed ?? (await claimTarget(host, settings.target, claiming, report));
  switch (result.kind) {
    case 'claimed': {
      if (settings.compileCache !== 'off') useCompileCache(result.directory, settings.code);
      const { Daemon } = loadBundle<typeof import('./daemon.js')>('serving.cjs');
      await new Daemon(host, settings, result, report).serve();
      return EXIT.ok;
    }
    case 'gave-way':
      return gaveWay(settings, result);
    case 'failed':
      settings.say(failureMessage(result.failure));
      return exitCodeOf(result.failure);
  }
}

async function gaveWay(
  { target, mode, say, supervisor, handed }: DaemonSettings,
  { doubt, generation }: Extract<ClaimResult, { kind: 'gave-way' }>,
): Promise<number> {
  // Callers that wait behind the listener of a living daemon are left to it.
  if (handed?.isBehind(layout.generationSocket(target.place.directory, generation)) === false)
    await handed.turnAway();
  await supervisor.ready(`gave way to generation ${generation}`);
  const who = servedByText(target.label, generation, target.place.directory);
  if (doubt === undefined) {
    if (mode === 'foreground') say(who);
    return EXIT.ok;
  }
  say(`${who}, or so it seems: ${doubt.message}; what is ambiguous counts as alive`);
  return EXIT.tempFail;
}
