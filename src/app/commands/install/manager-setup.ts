/** `solod install` and `uninstall` with `--systemd`: writes unit files, or removes just those. */

import path from 'node:path';
import { layout, type Platform } from '../../../domain/place/layout.js';
import { causeIn } from '../../../domain/procedure/cause.js';
import type { Entry, FileSystem } from '../../../ports/file-system.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { siblingFile } from '../../environment/bundle-files.js';
import { EXIT } from '../../environment/exit-codes.js';
import { type Environment, homeOf } from '../../environment/state-root.js';
import { daemonFlags } from '../../library/daemon-request.js';
import type { Target } from '../../library/daemon-target.js';
import { type CommandOptions, OPTIONS, type OptionName } from '../../options/option-table.js';
import { resolveService } from '../../service/service-file.js';
import type { Complaint } from '../../texts/complaint.js';
import { notRemoved } from '../../texts/failure-text.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { USAGE } from '../../texts/usage-text.js';
import { complain, complainOf, type Output, type Parts, printAs } from '../command-parts.js';
import { resolveNamed } from '../named-daemon.js';
import {
  isWrittenFor,
  serviceNameOf,
  socketNameOf,
  type Unit,
  type UnitPlace,
  unfitText,
  unitFileNames,
  unitFiles,
} from './unit-files.js';

/**
 * Where systemd reads a user's units. A relative variable is ignored, as the XDG Base Directory Specification
 * demands.
 */
function unitsDirectory({ XDG_CONFIG_HOME }: Environment, home: string): string {
  const config = XDG_CONFIG_HOME && path.isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : undefined;
  return path.join(config ?? path.join(home, '.config'), 'systemd', 'user');
}

/** These options are about a command on the PATH. */
const FOR_COMMANDS = [
  'as',
  'bin-dir',
  'settings',
  'entry',
  'value',
  'timeout',
  'fallback',
  'errors',
] as const satisfies readonly OptionName[];

type UnitsReading =
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'refused'; readonly complaint: Complaint };

const refused = (complaint: Complaint): UnitsReading => ({ kind: 'refused', complaint });

function readUnits(platform: Platform, options: CommandOptions, env: Environment): UnitsReading {
  if (platform !== 'linux') return refused(INSTALL_TROUBLE.noSystemd(platform));
  const other = FOR_COMMANDS.find((name) => options[OPTIONS[name].key] !== undefined);
  if (other !== undefined) return refused(USAGE.apart('--systemd', `--${other}`));
  const home = homeOf(env);
  return home === undefined
    ? refused(USAGE.noHome())
    : { kind: 'directory', directory: unitsDirectory(env, home) };
}

export class ManagerSetup {
  constructor(
    private readonly parts: Parts,
    private readonly env: Environment,
  ) {}

  install(service: string | undefined, options: CommandOptions): number {
    const { output, host } = this.parts;
    const found = readUnits(host.platform, options, this.env);
    if (found.kind === 'refused') return complain(output, found.complaint);
    if (service === undefined) return complain(output, USAGE.noService());
    const file = resolveService(service);
    if (file.kind === 'failed') return complainOf(output, file.failure);
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const unit = unitOf(target.value, file.value.path, options);
    const unfit = unfitText(unit);
    if (unfit !== undefined) return complain(output, INSTALL_TROUBLE.notForUnits(unfit));
    const { directory } = found;
    const files = unitFiles(unit).map(({ name, text }) => ({
      path: path.join(directory, name),
      text,
    }));
    const trouble = options.dryRun ? undefined : this.#write(files, unit.directory);
    if (trouble !== undefined) return complain(output, trouble, EXIT.cantCreate);
    report(output, options, {
      kind: 'installed',
      lines: files.map(({ path: at, text }) => (options.dryRun ? `# ${at}\n${text}\n` : `wrote ${at}\n`)),
      files: options.dryRun ? files : files.map(({ path: at }) => at),
      next: stepsAfterInstall(unit),
    });
    return EXIT.ok;
  }

  uninstall(service: string | undefined, options: CommandOptions): number {
    const { output, host } = this.parts;
    const found = readUnits(host.platform, options, this.env);
    if (found.kind === 'refused') return complain(output, found.complaint);
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    const { directory } = found;
    const unit = unitPlaceOf(target.value);
    const { label } = target.value;
    const files = unitFileNames(label).map((name) => path.join(directory, name));
    const present = files.filter((file) => host.files.inspect(file).kind !== 'absent');
    const foreign = present.find((file) => !isOurs(host.files, file, unit.directory));
    if (foreign !== undefined)
      return complain(output, INSTALL_TROUBLE.notOurs(foreign, unit.directory), EXIT.cantCreate);
    if (present.length === 0) return complain(output, INSTALL_TROUBLE.notInstalled(label), EXIT.unavailable);
    const paths = [...present, ...this.#byproducts(directory, unit)];
    const trouble = options.dryRun ? undefined : this.#remove(paths, directory, unit);
    if (trouble !== undefined) return complain(output, trouble, EXIT.cantCreate);
    const verb = options.dryRun ? 'would remove' : 'removed';
    report(output, options, {
      kind: 'removed',
      lines: paths.map((file) => `${verb} ${file}\n`),
      files: paths,
      next: stepsAfterUninstall(unit),
    });
    return EXIT.ok;
  }

  /** Writes nothing unless all files may be written. @returns what is in the way */
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
      if (reading.kind !== 'done') return INSTALL_TROUBLE.notWritten(file, causeIn(reading));
    }
    return undefined;
  }

  /** Files that exist because of the units: the link of "systemctl enable", systemd's socket. */
  #byproducts(units: string, unit: UnitPlace): readonly string[] {
    const { files } = this.parts.host;
    const link = path.join(wantsIn(units), socketNameOf(unit.target.label));
    const isOfType = (file: string, type: Entry['type']): boolean => {
      const found = files.inspect(file);
      return found.kind === 'entry' && found.entry.type === type;
    };
    return [
      ...(isOfType(link, 'link') ? [link] : []),
      ...(isOfType(unit.listener, 'socket') ? [unit.listener] : []),
    ];
  }

  /** @returns what can't be removed */
  #remove(paths: readonly string[], units: string, unit: UnitPlace): Complaint | undefined {
    const { files } = this.parts.host;
    for (const file of paths) {
      const reading = files.removeFile(file);
      if (reading.kind !== 'done' && reading.kind !== 'absent') return notRemoved(file, causeIn(reading));
    }
    // rmdir(2) removes only empty directories: one with other people's files in it stays.
    for (const directory of [wantsIn(units), units, path.dirname(units), unit.directory])
      files.removeDirectory(directory);
    return undefined;
  }
}

const wantsIn = (units: string): string => path.join(units, 'sockets.target.wants');

function unitPlaceOf(target: Target): UnitPlace {
  const { directory } = target.place;
  return { target, directory, listener: layout.handedSocket(directory) };
}

function unitOf(target: Target, service: string, options: CommandOptions): Unit {
  const node = options.node ?? process.execPath;
  const command: readonly [string, ...string[]] = [
    path.resolve(node),
    siblingFile('solod.cjs'),
    'serve',
    ...daemonFlags(options, target),
    '--',
    service,
  ];
  return { ...unitPlaceOf(target), command };
}

/** A daemon of the same name in another state directory has a unit of the same name. */
function isOurs(files: FileSystem, file: string, directory: string): boolean {
  const reading = files.readText(file);
  return reading.kind === 'text' && isWrittenFor(reading.text, directory);
}

/** Another process that reads the file meanwhile finds the old text or the new one. */
function writeWhole(files: FileSystem, file: string, text: string, temporary: string): ChangeReading {
  const made = files.makeDirectories(path.dirname(file));
  if (made.kind !== 'done') return made;
  const created = files.createFile(temporary, text);
  if (created.kind !== 'done') return created;
  const renamed = files.rename(temporary, file);
  if (renamed.kind !== 'done') files.removeFile(temporary);
  return renamed;
}

/** What to run is left to the user: install neither starts nor ends what is running. */
const stepsAfterInstall = ({ target: { label } }: UnitPlace): readonly string[] => [
  'systemctl --user daemon-reload',
  `systemctl --user enable --now ${socketNameOf(label)}`,
];

const stepsAfterUninstall = ({ target: { label } }: UnitPlace): readonly string[] => [
  `systemctl --user stop ${socketNameOf(label)} ${serviceNameOf(label)}`,
  'systemctl --user daemon-reload',
];

interface Report {
  readonly kind: 'installed' | 'removed';
  /** A line, or a whole file, for each file. */
  readonly lines: readonly string[];
  /** The same as facts. */
  readonly files: readonly unknown[];
  /** What is left for the user to do, as command lines. */
  readonly next: readonly string[];
}

function report(output: Output, options: CommandOptions, { kind, lines, files, next }: Report): void {
  const text = `${lines.join('')}now run:\n${next.map((line) => `  ${line}\n`).join('')}`;
  printAs(output, options, { kind: options.dryRun ? 'dry-run' : kind, files, next }, text);
}
