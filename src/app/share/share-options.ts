/**
 * The options of `solod share`, once: the command reads them, and the broker reads them again from what it is
 * sent.
 */

import { parseArgs } from 'node:util';
import { DEFAULT_LIMITS } from '../../domain/share/messages/share-limits.js';
import { parseBytes } from '../texts/bytes.js';
import { parseDurationMs } from '../texts/duration.js';

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

export const SHARE_OPTIONS = {
  'per-client': { type: 'boolean', help: 'a process of its own for each client' },
  shared: { type: 'boolean', help: 'one process, also for a server that is known to keep state per session' },
  serial: { type: 'boolean', help: 'one request at a time; tools that only read may overlap' },
  'any-cwd': {
    type: 'boolean',
    help: 'share across working directories; the server runs in the home directory',
  },
  env: {
    type: 'string',
    multiple: true,
    help: 'only this variable tells clients apart, and reaches the server; may be repeated',
  },
  offer: {
    type: 'string',
    multiple: true,
    help: 'tell the server that clients can do this: sampling, roots or elicitation',
  },
  'idle-timeout': {
    type: 'string',
    help: 'how long the server stays when nobody uses it: 5m by default, 0 for ever',
  },
  'max-message': { type: 'string', help: 'the longest message of a client: 10M by default' },
  'own-broker': { type: 'boolean', help: 'a broker of its own for this command' },
  'state-dir': { type: 'string', help: 'where daemons live, instead of $SOLOD_DIR and the XDG directories' },
  explain: { type: 'boolean', help: 'say what this would share, with whom, and why not; starts nothing' },
  json: { type: 'boolean', help: 'print facts as JSON' },
  help: { type: 'boolean', short: 'h', help: 'print help' },
} as const;

export const IDLE_MS = 5 * 60_000;
const OFFERS = ['sampling', 'roots', 'elicitation'];

export type ShareReading =
  | { readonly kind: 'share'; readonly options: ShareOptions; readonly surroundings: ShareSurroundings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const wrong = (message: string): ShareReading => ({ kind: 'wrong', message });

/** @param argv options, `--`, and the command */
export function readShareOptions(argv: readonly string[]): ShareReading {
  const dashes = argv.indexOf('--');
  const [own, command] = dashes < 0 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes + 1)];
  const values = parse(own);
  if (typeof values === 'string') return wrong(values);
  if (values.help) return { kind: 'help' };
  const [program, ...args] = command;
  if (program === undefined || program === '')
    return wrong('there is no command behind "--"; write solod share -- <command>');
  if (values.shared && values['per-client']) return wrong('--shared and --per-client contradict each other');
  const idleMs = values['idle-timeout'] === undefined ? IDLE_MS : parseDurationMs(values['idle-timeout']);
  if (idleMs === undefined) return wrong(`--idle-timeout is no duration: ${values['idle-timeout']}`);
  const messageBytes =
    values['max-message'] === undefined ? DEFAULT_LIMITS.messageBytes : parseBytes(values['max-message']);
  if (messageBytes === undefined) return wrong(`--max-message is no size: ${values['max-message']}`);
  const unknown = values.offer?.find((offer) => !OFFERS.includes(offer));
  if (unknown !== undefined) return wrong(`--offer takes ${OFFERS.join(', ')}: ${unknown}`);
  return {
    kind: 'share',
    options: {
      command: [program, ...args],
      sharing: values.shared ? 'shared' : values['per-client'] ? 'per-client' : 'by-name',
      order: values.serial ? 'serial' : 'concurrent',
      from: values['any-cwd'] ? 'any-directory' : 'same-directory',
      only: values.env,
      offered: [...new Set(values.offer ?? [])].sort(),
      idleMs: idleMs === 0 ? undefined : idleMs,
      messageBytes,
    },
    surroundings: {
      stateDirectory: values['state-dir'],
      broker: values['own-broker'] ? 'own' : 'common',
      act: values.explain ? 'explain' : 'serve',
      json: values.json ? 'json' : 'text',
    },
  };
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: SHARE_OPTIONS,
      allowPositionals: true,
    });
    const [stray] = positionals;
    return stray === undefined ? values : `"${stray}" is no option; the command comes behind "--"`;
  } catch (error) {
    return (error as Error).message;
  }
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
