/** `solod install` and `solod uninstall` for a service manager: writes its files, or removes exactly those. */

import path from 'node:path';
import { layout } from '../../../domain/place/layout.js';
import type { FileSystem } from '../../../ports/file-system.js';
import type { Cause, ChangeReading } from '../../../ports/readings.js';
import { siblingFile } from '../../environment/bundle-files.js';
import { EXIT } from '../../environment/exit-codes.js';
import { type Environment, homeOf } from '../../environment/state-root.js';
import { daemonFlags } from '../../library/daemon-request.js';
import type { Target } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import { resolveService } from '../../service/service-file.js';
import type { Complaint } from '../../texts/complaint.js';
import { notRemoved } from '../../texts/failure-text.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { USAGE } from '../../texts/usage-text.js';
import { complain, complainOf, type Output, type Parts, resolveNamed } from '../facts.js';
import {
  isWrittenFor,
  launchdLabelOf,
  type Manager,
  type Unit,
  unfitText,
  unitFiles,
  unitNameOf,
} from './unit-files.js';

interface Place {
  readonly manager: Manager;
  /** Where the manager reads a user's units. */
  readonly directory: string;
}

function placeOf(manager: Manager, env: Environment, home: string): Place {
  switch (manager) {
    case 'systemd': {
      const { XDG_CONFIG_HOME } = env;
      // A relative one is ignored, as the XDG Base Directory Specification demands.
      const config = XDG_CONFIG_HOME && path.isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : undefined;
      return { manager, directory: path.join(config ?? path.join(home, '.config'), 'systemd', 'user') };
    }
    case 'launchd':
      return { manager, directory: path.join(home, 'Library', 'LaunchAgents') };
  }
}

/** @returns an option that says something of a command on the PATH alone */
function forCommand(options: CommandOptions): string | undefined {
  const { as, binDirectory, settings, entry, value, timeoutMs, fallback, errors } = options;
  const given = { as, 'bin-dir': binDirectory, settings, entry, value, timeout: timeoutMs, fallback, errors };
  const found = Object.entries(given).find(([, text]) => text !== undefined);
  return found === undefined ? undefined : `--${found[0]}`;
}

export class ManagerSetup {
  constructor(
    private readonly parts: Parts,
    private readonly env: Environment,
  ) {}

  install(service: string | undefined, options: CommandOptions): number {
    const { output, host } = this.parts;
    const place = this.#place(options);
    if (place === undefined) return EXIT.usage;
    if (service === undefined) return complain(output, USAGE.noService());
    const file = resolveService(service);
    if (file.kind === 'failed') return complainOf(output, file.failure);
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const unit = unitOf(target.value, file.value.path, options);
    const bad = unfitText(unit);
    if (bad !== undefined) return complain(output, INSTALL_TROUBLE.notForUnits(bad));
    const files = unitFiles(place.manager, unit).map(({ name, text }) => ({
      path: path.join(place.directory, name),
      text,
    }));
    if (!options.dryRun) {
      const trouble = this.#write(files, unit.directory);
      if (trouble !== undefined) return complain(output, trouble, EXIT.cantCreate);
    }
    const next = stepsAfterInstall(place.manager, unit, files[0]?.path ?? '');
    report(output, options, { wrote: files, next });
    return EXIT.ok;
  }

  uninstall(service: string | undefined, options: CommandOptions): number {
    const { output, host } = this.parts;
    const place = this.#place(options);
    if (place === undefined) return EXIT.usage;
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const unit = unitOf(target.value, '', options);
    const files = unitFiles(place.manager, unit).map(({ name }) => path.join(place.directory, name));
    const present = files.filter((file) => host.files.inspect(file).kind !== 'absent');
    const foreign = present.find((file) => !isOurs(host.files, file, unit.directory));
    if (foreign !== undefined)
      return complain(output, INSTALL_TROUBLE.notOurs(foreign, unit.directory), EXIT.cantCreate);
    if (present.length === 0)
      return complain(
        output,
        INSTALL_TROUBLE.notInstalled(target.value.label, place.manager),
        EXIT.unavailable,
      );
    const paths = [...present, ...this.#besides(place, unit)];
    if (!options.dryRun) {
      const trouble = this.#remove(paths, place, unit);
      if (trouble !== undefined) return complain(output, trouble, EXIT.cantCreate);
    }
    const next = stepsAfterUninstall(place.manager, unit);
    report(output, options, { removed: paths, next });
    return EXIT.ok;
  }

  /** @returns undefined where what was asked for makes no sense, which has been said then */
  #place(options: CommandOptions): Place | undefined {
    const { output } = this.parts;
    const manager = options.systemd ? 'systemd' : 'launchd';
    const other = options.systemd && options.launchd ? '--launchd' : forCommand(options);
    const home = homeOf(this.env);
    if (other !== undefined) complain(output, USAGE.apart(`--${manager}`, other));
    else if (home === undefined) complain(output, USAGE.noHome());
    else return placeOf(manager, this.env, home);
    return undefined;
  }

  /** @returns what is in the way. Nothing is written unless all may be. */
  #write(
    files: readonly { readonly path: string; readonly text: string }[],
    directory: string,
  ): Complaint | undefined {
    const { host } = this.parts;
    for (const { path: file } of files)
      if (host.files.inspect(file).kind !== 'absent' && !isOurs(host.files, file, directory))
        return INSTALL_TROUBLE.notOurs(file, directory);
    for (const { path: file, text } of files) {
      const reading = writeWhole(host.files, file, text, `${file}.${host.nonce()}`);
      if (reading.kind !== 'done') return INSTALL_TROUBLE.notWritten(file, causeOf(reading));
    }
    return undefined;
  }

  /** What is there because of the units, though install did not write it. */
  #besides(place: Place, unit: Unit): readonly string[] {
    const { files } = this.parts.host;
    // What "systemctl enable" made points to what goes now.
    const enabled = path.join(wantsIn(place), `${unitNameOf(unit.target.label)}.socket`);
    const links = files.inspect(enabled);
    const enabling = links.kind === 'entry' && links.entry.type === 'link' ? [enabled] : [];
    const listening = files.inspect(unit.listener);
    const socket = listening.kind === 'entry' && listening.entry.type === 'socket' ? [unit.listener] : [];
    return [...enabling, ...socket];
  }

  /** @returns what can't be removed */
  #remove(paths: readonly string[], place: Place, unit: Unit): Complaint | undefined {
    const { files } = this.parts.host;
    for (const file of paths) {
      const reading = files.removeFile(file);
      if (reading.kind !== 'done' && reading.kind !== 'absent') return notRemoved(file, causeOf(reading));
    }
    removeEmpty(files, [wantsIn(place), place.directory, path.dirname(place.directory), unit.directory]);
    return undefined;
  }
}

const wantsIn = ({ directory }: Place): string => path.join(directory, 'sockets.target.wants');

/** rmdir(2) takes nothing but what is empty; what is not was not the units' alone. */
function removeEmpty(files: FileSystem, directories: readonly string[]): void {
  for (const directory of directories) files.removeDirectory(directory);
}

function unitOf(target: Target, service: string, options: CommandOptions): Unit {
  const { directory } = target.place;
  const node = options.node ?? process.execPath;
  const command: readonly [string, ...string[]] = [
    path.resolve(node),
    siblingFile('solod.cjs'),
    'serve',
    ...daemonFlags(options, target),
    '--',
    service,
  ];
  return { target, directory, listener: layout.handedSocket(directory), command };
}

/** Another daemon's unit of the same name, from another state directory, is not this one's. */
function isOurs(files: FileSystem, file: string, directory: string): boolean {
  const reading = files.readText(file);
  return reading.kind === 'text' && isWrittenFor(reading.text, directory);
}

/** Whoever reads it meanwhile finds the old text, or the new one. */
function writeWhole(files: FileSystem, file: string, text: string, temporary: string): ChangeReading {
  const made = files.makeDirectories(path.dirname(file));
  if (made.kind !== 'done') return made;
  const created = files.createFile(temporary, text);
  if (created.kind !== 'done') return created;
  const renamed = files.rename(temporary, file);
  if (renamed.kind !== 'done') files.removeFile(temporary);
  return renamed;
}

const causeOf = (reading: ChangeReading): Cause =>
  reading.kind === 'failed'
    ? reading.cause
    : { code: reading.kind, message: `what is in the way is ${reading.kind}` };

/** Left to the user: what runs just now is not install's to start or to end. */
function stepsAfterInstall(manager: Manager, { target }: Unit, file: string): readonly string[] {
  switch (manager) {
    case 'systemd': {
      const socket = `${unitNameOf(target.label)}.socket`;
      return ['systemctl --user daemon-reload', `systemctl --user enable --now ${socket}`];
    }
    case 'launchd':
      return [`launchctl bootstrap gui/$(id -u) '${file.replaceAll("'", "'\\''")}'`];
  }
}

function stepsAfterUninstall(manager: Manager, { target }: Unit): readonly string[] {
  switch (manager) {
    case 'systemd': {
      const name = unitNameOf(target.label);
      return [`systemctl --user stop ${name}.socket ${name}.service`, 'systemctl --user daemon-reload'];
    }
    case 'launchd':
      return [`launchctl bootout gui/$(id -u)/${launchdLabelOf(target.label)}`];
  }
}

interface Report {
  readonly wrote?: readonly { readonly path: string; readonly text: string }[];
  readonly removed?: readonly string[];
  /** What is left for the user to do, as command lines. */
  readonly next: readonly string[];
}

function report(output: Output, { json, dryRun }: CommandOptions, { wrote, removed, next }: Report): void {
  if (json) {
    const files = dryRun ? wrote : wrote?.map((file) => file.path);
    output.print(
      `${JSON.stringify({ kind: dryRun ? 'dry-run' : removed ? 'removed' : 'installed', files: files ?? removed, next })}\n`,
    );
    return;
  }
  for (const file of wrote ?? [])
    output.print(dryRun ? `# ${file.path}\n${file.text}\n` : `wrote ${file.path}\n`);
  for (const file of removed ?? []) output.print(`${dryRun ? 'would remove' : 'removed'} ${file}\n`);
  output.print(`now run:\n${next.map((line) => `  ${line}\n`).join('')}`);
}
