/** `solod install` and `solod uninstall` for a command on the PATH. */

import path from 'node:path';
import { foldedName, type Platform } from '../../../domain/place/layout.js';
import type { Documents } from '../../../ports/documents.js';
import { EXIT, exitCodeOf } from '../../environment/exit-codes.js';
import type { Environment } from '../../environment/state-root.js';
import { type KickResult, kickReachable } from '../../library/kick-daemon.js';
import type { CommandOptions } from '../../options/option-table.js';
import { resolveService } from '../../service/service-file.js';
import type { Complaint } from '../../texts/complaint.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { USAGE } from '../../texts/usage-text.js';
import type { Parts } from '../command-parts.js';
import { type Asked, binDirectoryFor, misused, readInstall, recordsFor } from './install-options.js';
import { type InstallRequest, planUndo } from './install-plan.js';
import { type InstallRecord, recordsIn } from './install-record.js';
import { type Installed, reportForecast, reportInstall, reportUninstall } from './install-report.js';
import { type Refusal, refuse, type Tools } from './install-tools.js';
import { foresee, install, uninstall } from './installer.js';

export class CommandSetup {
  readonly #tools: Tools;

  constructor(
    private readonly parts: Parts,
    documents: Documents,
    private readonly env: Environment,
  ) {
    const { files, processes } = parts.host;
    this.#tools = {
      files,
      documents,
      processes,
      self: () => processes.self(),
      nonce: () => parts.host.nonce(),
    };
  }

  async install(service: string | undefined, options: CommandOptions): Promise<number> {
    if (service === undefined) return this.#refuse(misused(USAGE.noService()));
    const request = readInstall(this.parts.host, service, options, this.env);
    if (request.kind === 'refused') return this.#refuse(request);
    const notes = this.#isOnPath(request.value) ? [] : [INSTALL_TROUBLE.offPath(directoryOf(request.value))];
    if (options.dryRun) return this.#foresee(request.value, options, notes);
    const outcome = install(this.#tools, request.value);
    if (outcome.kind === 'refused') return this.#refuse(outcome);
    const replaced = outcome.kind === 'installed' ? outcome.replaced : undefined;
    const installed: Installed = {
      kind: outcome.kind,
      record: outcome.kind === 'installed' ? outcome.plan.record : outcome.record,
      notes: [...(replaced?.notes ?? []), ...notes],
    };
    // The last act. Even if it fails, the command stays installed and works once a daemon can be started.
    const wanted = { ...options, service: request.value.service, env: this.env };
    const kicked = await kickReachable(this.parts.host, wanted);
    reportInstall(this.parts.output, options, installed, kicked);
    return kickExitCode(kicked);
  }

  uninstall(asked: string | undefined, options: CommandOptions): number {
    const found = this.#find(asked, options);
    if (found.kind === 'refused') return this.#refuse(found);
    const [file, record] = found.value;
    const { output } = this.parts;
    if (options.dryRun) {
      const planned = planUndo(this.#tools, record);
      if (planned.kind === 'refused') return this.#refuse(planned);
      reportForecast(output, options, planned.plan);
      return EXIT.ok;
    }
    const outcome = uninstall(this.#tools, record, file);
    if (outcome.kind === 'refused') return this.#refuse(outcome);
    reportUninstall(output, options, outcome.plan);
    return EXIT.ok;
  }

  #refuse({ sentence, exitCode }: Refusal): number {
    this.parts.output.complain(sentence);
    return exitCode;
  }

  #foresee(request: InstallRequest, options: CommandOptions, notes: readonly Complaint[]): number {
    const forecast = foresee(this.#tools, request);
    if (forecast.kind === 'refused') return this.#refuse(forecast);
    const { changes, replaced } =
      forecast.kind === 'planned' ? forecast : { changes: [], replaced: undefined };
    const all = [...(replaced?.notes ?? []), ...notes];
    reportForecast(this.parts.output, options, { changes, notes: all });
    return EXIT.ok;
  }

  #isOnPath(request: InstallRequest): boolean {
    const directories = (this.env.PATH ?? '').split(path.delimiter);
    return directories.some((directory) => path.resolve(directory) === directoryOf(request));
  }

  /** The one installation that is meant, by the command, by its service, or by its directory. */
  #find(
    asked: string | undefined,
    options: CommandOptions,
  ): Asked<readonly [file: string, record: InstallRecord]> {
    const name = asked ?? options.as ?? options.name;
    if (name === undefined) return misused(USAGE.noService());
    const directory = recordsFor(this.env);
    if (directory.kind === 'refused') return directory;
    const bin = options.binDirectory === undefined ? undefined : binDirectoryFor(options, this.env);
    if (bin?.kind === 'refused') return bin;
    const { records, unread } = recordsIn(this.#tools, directory.value);
    const isMeant = meaning(asked, options, bin?.value, this.parts.host.platform);
    const [found, ...others] = records.filter(([, record]) => isMeant(record));
    if (found === undefined) return unread ?? refuse(INSTALL_TROUBLE.noInstall(name), EXIT.unavailable);
    const all = [found, ...others].map(([, { shim }]) => shim.path);
    return others.length > 0 ? misused(USAGE.severalInstalled(name, all)) : { kind: 'asked', value: found };
  }
}

const directoryOf = ({ shim }: InstallRequest): string => path.dirname(shim.path);

function meaning(
  asked: string | undefined,
  { as, name }: CommandOptions,
  bin: string | undefined,
  platform: Platform,
): (record: InstallRecord) => boolean {
  const file = asked === undefined ? undefined : resolveService(asked);
  // A service file that is gone is known by the path that it had.
  const service = file?.kind === 'resolved' ? file.value.path : asked && path.resolve(asked);
  const isSame = (one: string, other: string): boolean =>
    foldedName(one, platform) === foldedName(other, platform);
  return ({ command, service: installed, daemon, shim }) =>
    (asked === undefined || isSame(asked, command) || service === installed) &&
    (as === undefined || isSame(as, command)) &&
    (name === undefined || name === daemon) &&
    (bin === undefined || bin === path.dirname(shim.path));
}

/** `kick` has already said what there was to say. */
function kickExitCode(result: KickResult): number {
  return result.kind === 'failed' ? exitCodeOf(result.failure) : EXIT.ok;
}
