/** What is to be installed, made precise from the options. */

import path from 'node:path';
import type { Failure } from '../../../domain/failure.js';
import { isDevice, isName } from '../../../domain/place/layout.js';
import { EXIT, exitCodeOf } from '../../environment/exit-codes.js';
import { type Environment, homeOf } from '../../environment/state-root.js';
import { daemonSettings, writtenFlags } from '../../library/daemon-request.js';
import { resolveTarget, type Target } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import type { Host } from '../../platforms/host.js';
import { nameFromPath, resolveService, type ServiceFile } from '../../service/service-file.js';
import type { Complaint } from '../../texts/complaint.js';
import { failureMessage } from '../../texts/failure-sentence.js';
import { INSTALL_TROUBLE } from '../../texts/install-text.js';
import { USAGE } from '../../texts/usage-text.js';
import { lastingCommand } from '../tried-client.js';
import type { InstallRequest, SettingsRequest } from './install-plan.js';
import { recordFile, recordsDirectory } from './install-record.js';
import { type Refusal, refuse } from './install-tools.js';
import { type Shim, shellWord, shimFile, shimText, unfitWord } from './shim.js';

export type Asked<T> = { readonly kind: 'asked'; readonly value: T } | Refusal;

const asked = <T>(value: T): Asked<T> => ({ kind: 'asked', value });
export const misused = (complaint: Complaint): Refusal => refuse(complaint, EXIT.usage);

/** The key under which tools that show a status line name its command. */
const ENTRY = 'statusLine';
const PLACEHOLDER = '{command}';
/** A service that comes with solod. Its callers show stdout, and must never wait. */
const STATUS_LINE = 'solod:status-line';

/** The directory of all records; refused if it would be below the home directory and there is none. */
export function recordsFor(env: Environment): Asked<string> {
  const { XDG_STATE_HOME } = env;
  const home = homeOf(env);
  if (home === undefined && !(XDG_STATE_HOME && path.isAbsolute(XDG_STATE_HOME)))
    return misused(USAGE.noHome());
  return asked(recordsDirectory(env, home ?? '/'));
}

export function binDirectoryFor({ binDirectory }: CommandOptions, env: Environment): Asked<string> {
  if (binDirectory !== undefined)
    return path.isAbsolute(binDirectory)
      ? asked(path.resolve(binDirectory))
      : misused(USAGE.relative('bin-dir', binDirectory));
  const { XDG_BIN_HOME } = env;
  if (XDG_BIN_HOME && path.isAbsolute(XDG_BIN_HOME)) return asked(XDG_BIN_HOME);
  const home = homeOf(env);
  return home === undefined ? misused(USAGE.noHome()) : asked(path.join(home, '.local', 'bin'));
}

export function readInstall(
  host: Host,
  service: string,
  options: CommandOptions,
  env: Environment,
): Asked<InstallRequest> {
  const file = resolveService(service);
  if (file.kind === 'failed') return refuseFailure(file.failure);
  const name = options.name ?? file.value.name;
  const target = resolveTarget({ ...options, name, env }, host);
  if (target.kind === 'failed') return refuseFailure(target.failure);
  const records = recordsFor(env);
  if (records.kind === 'refused') return records;
  const directory = binDirectoryFor(options, env);
  if (directory.kind === 'refused') return directory;
  const command = options.as ?? commandNameOf(file.value, options);
  const isForDevice = host.platform === 'win32' && isDevice(command);
  if (!isName(command) || isForDevice) return misused(USAGE.command(command));
  const argv = argvOf(service, file.value, target.value, options);
  const shim: Shim = { command, directory: directory.value, argv };
  const unfit = unfitWord(shim, host.platform);
  if (unfit !== undefined) return misused(INSTALL_TROUBLE.notForShim(unfit));
  const at = path.join(directory.value, shimFile(command, host.platform));
  const settings = readSettings(options, at);
  if (settings.kind === 'refused') return settings;
  return asked({
    records: records.value,
    recordFile: recordFile(records.value, at, host.platform),
    command,
    service: file.value.path,
    daemon: name,
    shim: { path: at, text: shimText(shim, host.platform) },
    settings: settings.value,
  });
}

const refuseFailure = (failure: Failure): Refusal => ({
  kind: 'refused',
  sentence: failureMessage(failure),
  exitCode: exitCodeOf(failure),
});

/** A service without a name goes by that of its file, without the hash that keeps two checkouts apart. */
function commandNameOf({ path: file, name }: ServiceFile, options: CommandOptions): string {
  if (options.name !== undefined) return options.name;
  return name === nameFromPath(file) ? name.slice(0, name.lastIndexOf('-')) : name;
}

/** The client, with the options that were given. */
function argvOf(
  given: string,
  service: ServiceFile,
  target: Target,
  options: CommandOptions,
): readonly string[] {
  const isStatusLine = given === STATUS_LINE;
  const { name, stateDirectory, node, timeoutMs } = options;
  const flags = writtenFlags({
    name,
    project: target.project,
    'state-dir': stateDirectory === undefined ? undefined : target.stateDirectory,
    timeout: timeoutMs === undefined ? undefined : `${timeoutMs}ms`,
    fallback: options.fallback ?? (isStatusLine ? 'inline' : undefined),
    errors: options.errors ?? (isStatusLine ? 'line' : undefined),
    ...daemonSettings(options),
    node: node?.includes('/') ? path.resolve(node) : node,
  });
  return [...lastingCommand(), 'call', ...flags, service.path];
}

function readSettings(
  { settings, entry, value }: CommandOptions,
  command: string,
): Asked<SettingsRequest | undefined> {
  if (settings === undefined) {
    const lone = entry === undefined ? (value === undefined ? undefined : '--value') : '--entry';
    return lone === undefined ? asked(undefined) : misused(USAGE.needs(lone, '--settings'));
  }
  const keys = (entry ?? ENTRY).split('.');
  if (keys.includes('')) return misused(USAGE.entry(entry ?? ENTRY));
  const parsed = value === undefined ? defaultValue(command) : parseValue(value, command);
  if (parsed === undefined) return misused(USAGE.value(value ?? ''));
  return asked({ path: path.resolve(settings), entry: keys, value: parsed.json });
}

/** The tool that reads the settings hands the command to a shell. */
const defaultValue = (command: string): { readonly json: unknown } => ({
  json: { type: 'command', command: shellWord(command) },
});

function parseValue(text: string, command: string): { readonly json: unknown } | undefined {
  const put = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? value.replaceAll(PLACEHOLDER, () => command) : value;
  try {
    return { json: JSON.parse(text, put) };
  } catch {
    return undefined;
  }
}
