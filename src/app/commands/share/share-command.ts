/** `solod share`, and what belongs to it. */

import { RELAY } from '../../../domain/share/relay/relay-machine.js';
import { codeSuffix } from '../../../domain/text/error-code.js';
import { loadBundle } from '../../environment/bundle-files.js';
import { EXIT, exitCodeOf, exitCodeOfSignal } from '../../environment/exit-codes.js';
import { findNativeClient } from '../../environment/native-client.js';
import { workingDirectory } from '../../environment/state-root.js';
import { StandardOutput } from '../../environment/sync-stdout.js';
import { callService } from '../../library/call-service.js';
import { type ArgumentsReading, asksForJson, readArguments } from '../../options/read-options.js';
import { CommandOutput } from '../../output/command-output.js';
import { callerHost, ignoredSignals } from '../../platforms/node-platform.js';
import { notShared, planShare } from '../../share/plan-share.js';
import { ShareClient, type ShareEnd } from '../../share/share-client.js';
import { readShareOptions, type ShareReading } from '../../share/share-options.js';
import type { Complaint } from '../../texts/complaint.js';
import { codeOf } from '../../texts/failure-text.js';
import { say } from '../../texts/stderr.js';
import { USAGE } from '../../texts/usage-text.js';
import { complain } from '../command-parts.js';
import { askBrokers } from './ask-broker.js';
import { explain, explanationText, listed, listText } from './share-report.js';

/** What ends a session from outside. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/**
 * @param argv what follows `share`
 * @returns the exit code; `malformed` for a request for help or an unknown option, which the full command
 *   answers
 */
export async function runShare(argv: readonly string[]): Promise<number | 'malformed'> {
  const [first, ...rest] = argv;
  const output = new CommandOutput(asksForJson(argv) ? 'json' : 'text');
  const unfit = notShared(process.platform);
  if (unfit !== undefined) return complained(output, unfit);
  if (first === 'ls') return list(output, readArguments('share ls', rest));
  if (first === 'install' || first === 'uninstall')
    return install(output, first, readArguments(`share ${first}`, rest));
  const reading = readShareOptions(argv);
  if (reading.kind !== 'share') return refuse(output, reading);
  if (reading.surroundings.act === 'explain') return explainShare(output, reading);
  becomeNative(argv);
  return serve(reading);
}

async function printed(output: CommandOutput, text: string): Promise<number> {
  output.print(text);
  return output.settle(EXIT.ok);
}

type Mistake = Exclude<ArgumentsReading, { kind: 'read' }>;

async function refuse(output: CommandOutput, reading: Mistake): Promise<number | 'malformed'> {
  return reading.kind === 'wrong' ? complained(output, reading.complaint) : 'malformed';
}

const complained = (output: CommandOutput, complaint: Complaint): Promise<number> =>
  output.settle(complain(output, complaint));

async function list(output: CommandOutput, reading: ArgumentsReading): Promise<number | 'malformed'> {
  if (reading.kind !== 'read') return refuse(output, reading);
  const { service: stray, options } = reading.value;
  if (stray !== undefined) return complained(output, USAGE.tooMany(stray));
  const found = (await askBrokers(options.stateDirectory, process.env)).map(listed);
  return printed(output, options.json ? `${JSON.stringify(found)}\n` : listText(found));
}

async function install(
  output: CommandOutput,
  act: 'install' | 'uninstall',
  reading: ArgumentsReading,
): Promise<number | 'malformed'> {
  if (reading.kind !== 'read') return refuse(output, reading);
  const { service: file, args, options } = reading.value;
  const [stray] = args;
  if (file === undefined) return complained(output, USAGE.noSettings());
  if (stray !== undefined) return complained(output, USAGE.tooMany(stray));
  const { installShare, nodeSurroundings } =
    loadBundle<typeof import('./share-install.js')>('share-install.cjs');
  const mode = options.dryRun ? 'dry-run' : 'do';
  const code = installShare(
    { act, file, mode, form: options.json ? 'json' : 'text' },
    nodeSurroundings(
      (text) => output.print(text),
      (message) => output.complain(message),
    ),
  );
  return output.settle(code);
}

async function explainShare(output: CommandOutput, { options, surroundings }: Sharing): Promise<number> {
  const planned = planShare(options, process.env, workingDirectory());
  if (planned.kind === 'no-program') return complained(output, USAGE.noProgram(planned.program));
  const explanation = explain(planned.plan, await askBrokers(surroundings.stateDirectory, process.env));
  return printed(
    output,
    surroundings.json === 'json' ? `${JSON.stringify(explanation)}\n` : explanationText(explanation),
  );
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
  const ignored = ignoredSignals();
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (ignored.includes(signal)) return;
      interrupted = exitCodeOfSignal(signal);
      leaving.abort();
    });
  const parent = process.ppid;
  const end = await new ShareClient({
    call: (request) => callService(callerHost(), request),
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
    // A process that another one has adopted has lost its host.
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
      say(end.message + codeSuffix(codeOf(end.failure)));
      return exitCodeOf(end.failure);
  }
}
