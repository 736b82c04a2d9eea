/** `solod install` and `solod uninstall` for a service manager: writes its files, or removes exactly those. */

import path from 'node:path';
import { layout } from '../domain/layout.js';
import type { Cause, ChangeReading, FileSystem } from '../domain/ports.js';
import { siblingFile } from './beside.js';
import { EXIT } from './exit-codes.js';
import { complain, complainOf, type Output, type Parts, resolveNamed } from './facts.js';
import type { CommandOptions } from './options.js';
import { daemonFlags } from './request.js';
import { type Complaint, notRemoved, TROUBLE, USAGE } from './sentences.js';
import { resolveService } from './service-file.js';
import type { Target } from './target.js';
import {
  isWrittenFor,
  launchdLabelOf,
  type Manager,
  type Unit,
  unfitText,
  unitFiles,
  unitNameOf,
} from './units.js';
import type { Environment } from './whereabouts.js';

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

export class ManagerSetup {
  constructor(
    private readonly parts: Parts,
    private readonly env: Environment,
    private readonly home: string,
  ) {}

  install(service: string | undefined, options: CommandOptions): number {
    const { output, host } = this.parts;
    const place = this.#place('install', options);
    if (place === undefined) return EXIT.usage;
    if (service === undefined) return complain(output, USAGE.noService());
    const file = resolveService(service);
    if (file.kind === 'failed') return complainOf(output, file.failure);
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const unit = unitOf(target.value, file.value.path, options);
    const bad = unfitText(unit);
    if (bad !== undefined) return complain(output, TROUBLE.notForUnits(bad));
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
    const place = this.#place('uninstall', options);
    if (place === undefined) return EXIT.usage;
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const unit = unitOf(target.value, '', options);
    const files = unitFiles(place.manager, unit).map(({ name }) => path.join(place.directory, name));
    const present = files.filter((file) => host.files.inspect(file).kind !== 'absent');
    const foreign = present.find((file) => !isOurs(host.files, file, unit.directory));
    if (foreign !== undefined)
      return complain(output, TROUBLE.notOurs(foreign, unit.directory), EXIT.cantCreate);
    if (present.length === 0)
      return complain(output, TROUBLE.notInstalled(target.value.label, place.manager), EXIT.unavailable);
    const removed = this.#remove(place, present, unit);
    if (removed.kind === 'failed') return complain(output, removed.complaint, EXIT.cantCreate);
    const next = stepsAfterUninstall(place.manager, unit);
    report(output, options, { removed: removed.paths, next });
    return EXIT.ok;
  }

  #place(command: string, { systemd, launchd }: CommandOptions): Place | undefined {
    if (systemd !== launchd) return placeOf(systemd ? 'systemd' : 'launchd', this.env, this.home);
    complain(this.parts.output, USAGE.manager(command));
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
        return TROUBLE.notOurs(file, directory);
    for (const { path: file, text } of files) {
      const reading = writeWhole(host.files, file, text, `${file}.${host.nonce()}`);
      if (reading.kind !== 'done') return TROUBLE.notWritten(file, causeOf(reading));
    }
    return undefined;
  }

  #remove(
    place: Place,
    present: readonly string[],
    unit: Unit,
  ):
    | { readonly kind: 'removed'; readonly paths: readonly string[] }
    | { readonly kind: 'failed'; readonly complaint: Complaint } {
    const { files } = this.parts.host;
    const wants = path.join(place.directory, 'sockets.target.wants');
    const enabled = path.join(wants, `${unitNameOf(unit.target.label)}.socket`);
    // What "systemctl enable" made points to what goes now.
    const links = files.inspect(enabled);
    const enabling = links.kind === 'entry' && links.entry.type === 'link' ? [enabled] : [];
    const listening = files.inspect(unit.listener);
    const socket = listening.kind === 'entry' && listening.entry.type === 'socket' ? [unit.listener] : [];
    const paths = [...present, ...enabling, ...socket];
    for (const file of paths) {
      const reading = files.removeFile(file);
      if (reading.kind !== 'done' && reading.kind !== 'absent')
        return { kind: 'failed', complaint: notRemoved(file, causeOf(reading)) };
    }
    removeEmpty(files, [wants, place.directory, path.dirname(place.directory), unit.directory]);
    return { kind: 'removed', paths };
  }
}

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
      `${JSON.stringify({ kind: removed ? 'removed' : dryRun ? 'dry-run' : 'installed', files: files ?? removed, next })}\n`,
    );
    return;
  }
  for (const file of wrote ?? [])
    output.print(dryRun ? `# ${file.path}\n${file.text}\n` : `wrote ${file.path}\n`);
  for (const file of removed ?? []) output.print(`removed ${file}\n`);
  output.print(`now run:\n${next.map((line) => `  ${line}\n`).join('')}`);
}
