/**
 * The options of `solod share`, once: the command reads them, and the broker reads them again from what it is
 * sent.
 */

import { DEFAULT_LIMITS } from '../../domain/share/messages/share-limits.js';
import type { CommandOptions } from '../options/option-table.js';
import { type ArgumentsReading, readArguments } from '../options/read-options.js';
import type { Complaint } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';

export interface ShareOptions {
  /** The command of the server. */
  readonly command: readonly [string, ...string[]];
  /** `by-name`: shared, unless it is known to keep state per session. */
  readonly sharing: 'shared' | 'per-client' | 'by-name';
  readonly order: 'concurrent' | 'serial';
  readonly from: 'same-directory' | 'any-directory';
  /** The variables that count; undefined for all but those of sessions. */
  readonly only: readonly string[] | undefined;
  readonly offered: readonly string[];
  /** Undefined for ever. */
  readonly idleMs: number | undefined;
  readonly messageBytes: number;
}

/** Whom a started client side asks; nothing of it is sent. */
export interface ShareSurroundings {
  readonly stateDirectory: string | undefined;
  readonly broker: 'common' | 'own';
  readonly act: 'serve' | 'explain';
  readonly json: 'json' | 'text';
}

/** How long a server stays by default when nobody uses it, in milliseconds. */
export const IDLE_MS = 5 * 60_000;

export type ShareReading =
  | { readonly kind: 'share'; readonly options: ShareOptions; readonly surroundings: ShareSurroundings }
  | Exclude<ArgumentsReading, { kind: 'read' }>;

const wrong = (complaint: Complaint): ShareReading => ({ kind: 'wrong', complaint });

/** @param argv options, `--`, and the command */
export function readShareOptions(argv: readonly string[]): ShareReading {
  const dashes = argv.indexOf('--');
  const [own, command] = dashes < 0 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes + 1)];
  const reading = readArguments('share', own);
  if (reading.kind !== 'read') return reading;
  const { service: stray, options } = reading.value;
  if (stray !== undefined) return wrong(USAGE.stray(stray));
  const [program, ...args] = command;
  if (program === undefined || program === '') return wrong(USAGE.noCommand());
  if (options.shared && options.perClient) return wrong(USAGE.apart('--shared', '--per-client'));
  return {
    kind: 'share',
    options: shareOptions([program, ...args], options),
    surroundings: {
      stateDirectory: options.stateDirectory,
      broker: options.ownBroker ? 'own' : 'common',
      act: options.explain ? 'explain' : 'serve',
      json: options.json ? 'json' : 'text',
    },
  };
}

function shareOptions(command: ShareOptions['command'], options: CommandOptions): ShareOptions {
  const { shared, perClient, serial, anyDirectory, variables, offered, idleTimeoutMs, messageBytes } =
    options;
  return {
    command,
    sharing: shared ? 'shared' : perClient ? 'per-client' : 'by-name',
    order: serial ? 'serial' : 'concurrent',
    from: anyDirectory ? 'any-directory' : 'same-directory',
    only: variables,
    offered: [...new Set(offered)].sort(),
    idleMs: idleTimeoutMs === 0 ? undefined : (idleTimeoutMs ?? IDLE_MS),
    messageBytes: messageBytes ?? DEFAULT_LIMITS.messageBytes,
  };
}

/** The same options as arguments, for the broker. */
export function writeShareOptions(options: ShareOptions): readonly string[] {
  const { sharing, order, from, only, offered, idleMs, messageBytes, command } = options;
  return [
    ...(sharing === 'by-name' ? [] : [`--${sharing}`]),
    ...(order === 'serial' ? ['--serial'] : []),
    ...(from === 'any-directory' ? ['--any-cwd'] : []),
    ...(only ?? []).map((name) => `--env=${name}`),
    ...offered.map((name) => `--offer=${name}`),
    `--idle-timeout=${idleMs ?? 0}ms`,
    `--max-message=${messageBytes}B`,
    '--',
    ...command,
  ];
}
