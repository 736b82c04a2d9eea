/** `solod share`, and what belongs to it. */

import { EXIT, exitCodeOf } from '../environment/exit-codes.js';
import { workingDirectory } from '../environment/state-root.js';
import { StandardOutput } from '../environment/sync-stdout.js';
import { say } from '../texts/stderr.js';
import { ShareClient, type ShareEnd } from './share-client.js';
import { readShareOptions, SHARE_OPTIONS, type ShareReading } from './share-options.js';

/** 128 and the signal's number, as shells have it. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * @param argv what follows `share`
 * @returns the exit code
 */
export async function runShare(argv: readonly string[]): Promise<number> {
  const reading = readShareOptions(argv);
  switch (reading.kind) {
    case 'help':
      process.stdout.write(helpText());
      return EXIT.ok;
    case 'wrong':
      say(reading.message);
      return EXIT.usage;
    case 'share':
      return serve(reading);
  }
}

async function serve({ options, surroundings }: Extract<ShareReading, { kind: 'share' }>): Promise<number> {
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

Speaks MCP on stdin and stdout, and shares one server process among all who ask for the same.

Options:
${options.join('\n')}
`;
}
