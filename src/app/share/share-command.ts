/** `solod share`, and what belongs to it. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { RELAY } from '../../domain/share/relay/relay-machine.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { findNativeClient } from '../environment/native-client.js';
import { workingDirectory } from '../environment/state-root.js';
import { StandardOutput } from '../environment/sync-stdout.js';
import { say } from '../texts/stderr.js';
import { askBrokers } from './ask-broker.js';
import { planShare } from './plan-share.js';
import { ShareClient, type ShareEnd } from './share-client.js';
import { readShareOptions, SHARE_OPTIONS, type ShareReading } from './share-options.js';
import { explain, explanationText, listed, listText } from './share-report.js';

/** 128 and the signal's number, as shells have it. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * @param argv what follows `share`
 * @returns the exit code
 */
export async function runShare(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === 'ls') return list(rest);
  if (first === 'install' || first === 'uninstall') return install(first, rest);
  const reading = readShareOptions(argv);
  switch (reading.kind) {
    case 'help':
      print(helpText());
      return EXIT.ok;
    case 'wrong':
      return mistake(reading.message);
    case 'share':
      if (reading.surroundings.act === 'explain') return explainShare(reading);
      becomeNative(argv);
      return serve(reading);
  }
}

const print = (text: string): void => void process.stdout.write(text);

function mistake(message: string): number {
  say(message);
  return EXIT.usage;
}

const LIST_OPTIONS = { json: SHARE_OPTIONS.json, 'state-dir': SHARE_OPTIONS['state-dir'] } as const;

async function list(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv, LIST_OPTIONS, 0);
  if (typeof read === 'string') return mistake(read);
  const found = (await askBrokers(read.values['state-dir'], process.env)).map(listed);
  print(read.values.json ? `${JSON.stringify(found)}\n` : listText(found));
  return EXIT.ok;
}

const INSTALL_OPTIONS = { json: SHARE_OPTIONS.json, 'dry-run': { type: 'boolean' } } as const;

function install(act: 'install' | 'uninstall', argv: readonly string[]): number {
  const read = readArguments(argv, INSTALL_OPTIONS, 1);
  if (typeof read === 'string') return mistake(read);
  const { values, words } = read;
  const { installShare, nodeSurroundings } =
    loadBundle<typeof import('./share-install.js')>('share-install.cjs');
  const request = {
    act,
    file: words[0] ?? '',
    mode: values['dry-run'] ? 'dry-run' : 'do',
    form: values.json ? 'json' : 'text',
  } as const;
  return installShare(request, nodeSurroundings(print, say));
}

/** @returns the sentence where they make no sense */
function readArguments<const O extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  options: O,
  count: 0 | 1,
) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    if (positionals.length === count) return { values, words: positionals };
    return count === 0 ? `"${positionals[0]}" is one word too many` : 'name one settings file';
  } catch (error) {
    return (error as Error).message;
  }
}

async function explainShare({ options, surroundings }: Sharing): Promise<number> {
  const planned = planShare(options, process.env, workingDirectory());
  if (planned.kind === 'no-program') return mistake(`there is no program "${planned.program}"`);
  const explanation = explain(planned.plan, await askBrokers(surroundings.stateDirectory, process.env));
  print(surroundings.json === 'json' ? `${JSON.stringify(explanation)}\n` : explanationText(explanation));
  return EXIT.ok;
}

type Sharing = Extract<ShareReading, { kind: 'share' }>;

/**
 * The native client takes this process over, before a byte of stdin is read: a session costs a megabyte then.
 * Node has execve(2) since 22.15; before that, `share install` writes the native client's own path into
 * settings.
 */
function becomeNative(argv: readonly string[]): void {
  const { execve } = process as { readonly execve?: (file: string, args: readonly string[]) => never };
  if (execve === undefined || process.env[RELAY.clientVariable] === 'node') return;
  const native = findNativeClient();
  if (native.kind !== 'found') return;
  try {
    execve.call(process, native.path, [native.path, 'share', ...argv]);
  } catch {
    // It can't be run here: then this is the client.
  }
}

async function serve({ options, surroundings }: Sharing): Promise<number> {
  const leaving = new AbortController();
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(SIGNALS))
    process.on(signal, () => {
      interrupted = code;
      leaving.abort();
    });
  const parent = process.ppid;
  const end = await new ShareClient({
    options,
    broker: surroundings.broker,
    env: process.env,
    cwd: workingDirectory(),
    stateDirectory: surroundings.stateDirectory,
    daemon: undefined,
    stdin: process.stdin,
    stdout: new StandardOutput(1),
    say,
    signal: leaving.signal,
    // Whoever is adopted by another process has lost its host.
    hostIsGone: () => process.ppid !== parent,
  }).run();
  return interrupted ?? exitCodeFor(end);
}

function exitCodeFor(end: ShareEnd): number {
  switch (end.kind) {
    case 'host-ended':
    case 'cancelled':
      return EXIT.ok;
    case 'refused':
      say(end.message);
      return EXIT.usage;
    case 'failed':
      say(end.message);
      return exitCodeOf(end.failure);
  }
}

function helpText(): string {
  const options = Object.entries(SHARE_OPTIONS).map(([name, { type, help }]) => {
    const value = type === 'string' ? ' <value>' : '';
    return `  ${`--${name}${value}`.padEnd(24)} ${help}`;
  });
  return `Usage: solod share [options] -- <command> [args...]
       solod share ls [--json]
       solod share install|uninstall [--dry-run] [--json] <settings file>

Speaks MCP on stdin and stdout, and shares one server process among all who ask for the same.

Options:
${options.join('\n')}
`;
}
