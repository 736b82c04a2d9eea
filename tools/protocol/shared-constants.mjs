/**
 * What the TypeScript client and the native one must agree on, to the letter. TypeScript is the source: each
 * row says which export of which file holds the value, and what its name is in `native/src/protocol.rs`.
 */

/**
 * @typedef {'&str' | 'f64' | 'i32' | 'u8' | 'u32' | 'u64' | 'usize'} RustType
 * @typedef {{
 *   name: string, type: RustType, file: string, what: string, read: (module: any, source: string) => string |
 *   number | undefined,
 * }} Shared `what` is looked for in `file`; `read` gets its module and its text, and answers undefined if it
 *   is missing
 */

/**
 * A constant.
 * @param {string} name
 * @param {RustType} type
 * @param {string} file
 * @param {string} path of the export
 * @returns {Shared}
 */
const value = (name, type, file, path) => ({
  name,
  type,
  file,
  what: path,
  read: (module) => path.split('.').reduce((found, key) => found?.[key], module),
});

/**
 * A word of a format. TypeScript has only its type, so it must be in the source.
 * @param {string} name
 * @param {string} file
 * @param {string} text
 * @returns {Shared}
 */
const word = (name, file, text) => ({
  name,
  type: '&str',
  file,
  what: `'${text}'`,
  read: (_, source) => (source.includes(`'${text}'`) ? text : undefined),
});

/**
 * A message: made by the function that makes the real one, with stand-ins in braces.
 * @param {string} name
 * @param {string} file
 * @param {string} what
 * @param {(module: any) => string} make
 * @returns {Shared}
 */
const text = (name, file, what, make) => ({
  name,
  type: '&str',
  file,
  what,
  read: (module) => (module[what] === undefined ? undefined : make(module)),
});

const CAUSE = { code: '{cause}', message: '{cause}' };
/** Numbers that no other number looks like, and the stand-ins that take their place. */
const AFTER_MS = 987_654_321;
const LONG_MS = 12_345_600;
/** @param {string} made */
const inMilliseconds = (made) => made.replace(String(AFTER_MS), '{after}');
/** @param {string} made */
const inSeconds = (made) => made.replace((LONG_MS / 1_000).toFixed(1), '{seconds}');

const CLAIM_VARIABLES = 'src/app/daemon/start/claim-variables.ts';
const TIMING = 'src/domain/lock/timing.ts';
const LAYOUT = 'src/domain/place/layout.ts';
const EXITS = 'src/app/environment/exit-codes.ts';
const CHUNKS = 'src/app/wire/chunks.ts';
const SENTENCES = 'src/app/texts/failure-text.ts';
const TROUBLES = 'src/app/texts/runtime-text.ts';
const PROGRESS = 'src/app/entry/progress-line.ts';
const ERROR_CODES = 'src/domain/text/error-code.ts';
const LEDGER = 'src/domain/lifecycle/start-ledger.ts';
const BREAKER = 'src/domain/lifecycle/crash-loop-breaker.ts';
const SPAWNER = 'src/adapters/node/processes/spawner.ts';
const LIMITS = 'src/domain/lifecycle/inherited-limits.ts';
const FILES = 'src/adapters/node/files/file-system.ts';
const PLAN = 'src/ports/spawn-reason.ts';
const CHANNEL = 'src/adapters/node/processes/start-channel.ts';
const WORDS = 'src/domain/text/speaker.ts';
const CLIENT = 'src/app/wire/client.ts';
const CONVERSATION = 'src/app/wire/conversation.ts';
const DIAGNOSTIC = 'src/domain/text/one-line.ts';
const ENVIRONMENT = 'src/domain/place/daemon-environment.ts';
const SERVICE_FILE = 'src/app/service/service-file.ts';
const RELAY = 'src/domain/share/relay/relay-machine.ts';
const SHARE_LIMITS = 'src/domain/share/messages/share-limits.ts';
const SHARE_ERRORS = 'src/domain/share/messages/share-errors.ts';
const RPC_LINES = 'src/domain/share/messages/rpc-lines.ts';

/**
 * Words without spaces, as one text.
 * @param {string} name
 * @param {string} file
 * @param {string} what
 * @param {(value: any) => readonly string[]} [read]
 * @returns {Shared}
 */
const words = (name, file, what, read = (value) => value) =>
  text(name, file, what, (module) => read(module[what]).join(' '));

/** @typedef {(made: string) => string} Tidy */
/** @type {Tidy} */
const asMade = (made) => made;

/** @param {string} name @param {object} failure @param {Tidy} [tidy] */
const sentence = (name, failure, tidy = asMade) =>
  text(name, SENTENCES, 'sentence', (module) => tidy(module.sentence(failure)));
/** @param {string} name @param {object} found @param {Tidy} [tidy] */
const warning = (name, found, tidy = asMade) =>
  text(name, SENTENCES, 'kickWarning', (module) => tidy(module.kickWarning(found)));
/** @param {string} name @param {string} key @param {unknown[]} about @returns {Shared} */
const trouble = (name, key, ...about) =>
  text(name, TROUBLES, 'TROUBLE', ({ TROUBLE }) => {
    const { what, todo } = TROUBLE[key]?.(...about) ?? {};
    return what && `${what}; ${todo}`;
  });
/** @param {string} name @param {object} found */
const violation = (name, found) =>
  text(name, CHUNKS, 'violationText', (module) => module.violationText(found));

/** Every way in which a started process can end, and the output that it leaves. */
const DEATHS = ['CODE', 'SIGNAL'].flatMap((how) =>
  ['', '_STAGE'].flatMap((stage) =>
    ['SILENT', 'OUTPUT'].map((said) =>
      sentence(`TEXT_DIED_${how}${stage}_${said}`, {
        kind: 'died-at-start',
        directory: '{directory}',
        pid: '{pid}',
        code: how === 'CODE' ? '{code}' : undefined,
        signal: how === 'SIGNAL' ? '{signal}' : undefined,
        word: stage === '' ? undefined : { kind: 'failed', stage: '{stage}', message: '' },
        lastOutput: said === 'OUTPUT' ? '{output}' : '',
      }),
    ),
  ),
);

const SILENCES = ['', '_OWNED'].flatMap((owned) =>
  ['', '_CAUSE'].map((caused) =>
    sentence(
      `TEXT_NOT_ANSWERING${owned}${caused}`,
      {
        kind: 'not-answering',
        directory: '{directory}',
        owner: owned === '' ? undefined : { name: '{name}', pid: '{pid}' },
        afterMs: AFTER_MS,
        cause: caused === '' ? undefined : CAUSE,
      },
      inMilliseconds,
    ),
  ),
);

const TIMEOUTS = ['lock', 'ready', 'answer'].map((phase) =>
  sentence(
    `TEXT_TIMED_OUT_${phase.toUpperCase()}`,
    { kind: 'timed-out', directory: '{directory}', phase, afterMs: AFTER_MS, pid: '{pid}' },
    inMilliseconds,
  ),
);

/** The advice about a refusal depends on its errno. */
const REFUSALS = ['ENOENT', 'EACCES', 'ENOEXEC', 'EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'OTHER'].map(
  (code) =>
    sentence(
      `TEXT_SPAWN_REFUSED_${code}`,
      { kind: 'spawn-refused', directory: '{directory}', cause: { code, message: CAUSE.message } },
      (made) => made.replace(`${code}: `, ''),
    ),
);

/** The code of a message: of a failure's kind, or of a name in a table. */
const CODES = [
  'state-directory-distrusted',
  'state-directory-unusable',
  'lock-error',
  'spawn-refused',
  'died-at-start',
  'crash-loop',
  'timed-out',
  'not-answering',
  'still-loading',
  'declined',
  'outdated',
  'lost',
  'stream',
  'notExecuted',
  'kick-lock-error',
  'kick-overrode-lock',
].map((kind) =>
  text(
    `CODE_${kind.replace(/[A-Z]/g, '_$&').replaceAll('-', '_').toUpperCase()}`,
    ERROR_CODES,
    'codeFor',
    ({ codeFor }) => codeFor(kind),
  ),
);

const END = { kind: 'ended', why: '', code: undefined, signal: undefined, atMs: 0 };
/**
 * What the ledger tells of the end of a daemon that never served.
 * @param {string} name @param {object} found @param {Tidy} [tidy]
 */
const end = (name, found, tidy = asMade) =>
  text(name, LEDGER, 'fateOf', ({ fateOf }) =>
    tidy(fateOf({ words: [{ ...END, ...found }], startedMs: 0 }).message),
  );
/** @type {Tidy} */
const inParentheses = (made) => made.replace(/.*\((.*)\).*/, '$1');

const REASONS = [
  'cold',
  'dead-daemon',
  'upgrade',
  'restart',
  'stale-lock',
  'lock-fallback',
  'override',
  'lock-error',
];

/** @type {readonly Shared[]} */
export const SHARED = [
  text('TEXT_SERVED_BY', 'src/domain/text/log-parts.ts', 'servedByText', (module) =>
    module.servedByText('{label}', '{generation}', '{directory}'),
  ),
  value('GENERATION_MAX', 'u32', 'src/domain/place/layout.ts', 'GENERATION_MAX'),
  value('ROUNDS_MAX', 'u32', 'src/domain/claim/claim.ts', 'ROUNDS_MAX'),
  value('SWEEP_MAX', 'usize', 'src/domain/claim/sweep.ts', 'SWEEP_MAX'),
  value('ABANDONED_MS', 'f64', 'src/domain/claim/sweep.ts', 'ABANDONED_MS'),
  value('NAME_HANDED', '&str', 'src/domain/place/layout.ts', 'NAMES.handed'),
  value('CLAIMED_VARIABLE', '&str', CLAIM_VARIABLES, 'CLAIMED_VARIABLE'),
  value('CLAIMED_IN_VARIABLE', '&str', CLAIM_VARIABLES, 'CLAIMED_IN_VARIABLE'),
  value('KICK_REPORT', '&str', 'src/adapters/node/native-kick.ts', 'KICK_REPORT'),
  value('VERSION', '&str', 'src/app/environment/version.ts', 'VERSION'),
  value('WIRE_VERSION', 'u32', 'src/domain/evidence/edition.ts', 'WIRE_VERSION'),

  value('TOTAL_MS', 'f64', TIMING, 'CALL_TOTAL_MS'),
  value('FIRST_LOOK_MS', 'f64', TIMING, 'FIRST_LOOK_MS'),
  value('LOCK_FALLBACK_MAX_MS', 'f64', TIMING, 'DEFAULT_TIMING.lockFallbackMs'),
  value('LOCK_FALLBACK_SHARE', 'f64', TIMING, 'LOCK_FALLBACK_SHARE'),
  value('READY_SHARE', 'f64', TIMING, 'READY_SHARE'),
  value('OVERRIDE_MS', 'f64', TIMING, 'DEFAULT_TIMING.overrideMs'),
  value('STALE_MS', 'f64', TIMING, 'DEFAULT_TIMING.staleMs'),
  value('FUTURE_MS', 'f64', TIMING, 'DEFAULT_TIMING.futureMs'),
  value('FIRST_POLL_MS', 'f64', TIMING, 'DEFAULT_TIMING.firstPollMs'),
  value('LAST_POLL_MS', 'f64', TIMING, 'DEFAULT_TIMING.lastPollMs'),
  value('POLL_GROWTH', 'f64', TIMING, 'DEFAULT_TIMING.pollGrowth'),
  value('KICK_TRIES_MAX', 'u32', 'src/domain/obtain/kick.ts', 'TRIES_MAX'),
  value('SPAWNS_MAX', 'u32', 'src/domain/obtain/obtain.ts', 'SPAWNS_MAX'),
  value('DURATION_MAX_MS', 'f64', 'src/app/options/read-options.ts', 'DURATION_MAX_MS'),

  value('FREE_FAILURES', 'usize', BREAKER, 'FREE_FAILURES'),
  value('FREE_UNSEEN', 'usize', BREAKER, 'FREE_UNSEEN'),
  value('FIRST_HOLD_MS', 'f64', BREAKER, 'FIRST_HOLD_MS'),
  value('LONGEST_HOLD_MS', 'f64', BREAKER, 'LONGEST_HOLD_MS'),
  value('WINDOW_MS', 'f64', BREAKER, 'WINDOW_MS'),

  ...['current', 'socket', 'owner', 'lock', 'log', 'logBefore', 'spawns', 'spawnsBefore', 'launch'].map(
    (key) => value(`NAME_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`, '&str', LAYOUT, `NAMES.${key}`),
  ),
  value('TMP', '&str', LAYOUT, 'TMP'),
  value('TRASH', '&str', LAYOUT, 'TRASH'),
  value('SCOPE_RECORD', '&str', LAYOUT, 'SCOPE_RECORD'),
  value('PART', '&str', LAYOUT, 'PART'),
  value('GONE_MS', 'f64', 'src/domain/place/scope.ts', 'GONE_MS'),
  value('NONCE_LENGTH_MAX', 'usize', LAYOUT, 'NONCE_LENGTH_MAX'),
  value('SUN_PATH_BYTES', 'usize', LAYOUT, 'SUN_PATH_BYTES.linux'),
  value('SERVICE_HEAD_BYTES', 'usize', SERVICE_FILE, 'HEAD_BYTES'),
  value('SHIPPED_PREFIX', '&str', SERVICE_FILE, 'SHIPPED.prefix'),
  value('SHIPPED_STATUS_LINE', '&str', SERVICE_FILE, 'SHIPPED.statusLine'),
  value('SHIPPED_SHARE', '&str', SERVICE_FILE, 'SHIPPED.share'),
  value('SHARE_KEPT_BYTES', 'usize', RELAY, 'RELAY.keptBytes'),
  value('SHARE_REPLAY', '&str', RELAY, 'RELAY.replay'),
  value('SHARE_CLIENT_VARIABLE', '&str', RELAY, 'RELAY.clientVariable'),
  value('SHARE_MESSAGE_BYTES', 'usize', SHARE_LIMITS, 'DEFAULT_LIMITS.messageBytes'),
  value('SHARE_LAST_ANSWERS_MS', 'f64', RELAY, 'RELAY.lastAnswersMs'),
  value('SHARE_PATIENCE_MS', 'f64', RELAY, 'RELAY.patienceMs'),
  value('SHARE_UNSENT_BYTES', 'usize', RELAY, 'RELAY.unsentBytes'),
  value('SHARE_INTERNAL_ERROR', 'i32', RPC_LINES, 'RPC_ERROR.internal'),
  value('SHARE_INVALID_REQUEST', 'i32', RPC_LINES, 'RPC_ERROR.invalidRequest'),
  text('TEXT_SHARE_LOST', RELAY, 'lostText', (module) => module.lostText('{words}')),
  text('TEXT_SHARE_MISSING', RELAY, 'missingText', (module) => module.missingText('{words}')),
  text('TEXT_SHARE_CUT_OFF', RELAY, 'cutOffText', (module) => module.cutOffText('{bytes}')),
  text('TEXT_SHARE_TOO_LONG', SHARE_ERRORS, 'tooLongText', (module) =>
    module.tooLongText('{bytes}', '{limit}'),
  ),
  value('TEXT_SHARE_TAKEN_BACK', '&str', RELAY, 'RELAY.takenBack'),
  value('TEXT_SHARE_ENDS', '&str', RELAY, 'RELAY.ends'),
  value('TEXT_SHARE_CANCELLED', '&str', RELAY, 'RELAY.cancelled'),
  value('TEXT_BYTES_MAX', 'u64', FILES, 'TEXT_BYTES_MAX'),
  value('TREE_ENTRIES_MAX', 'usize', FILES, 'TREE_ENTRIES_MAX'),
  value('ROTATE_LOG_BYTES', 'u64', SPAWNER, 'ROTATE_LOG_BYTES'),
  value('LOG_TAIL_BYTES', 'u64', SPAWNER, 'TAIL_BYTES'),
  value('NOTE_CHARACTERS', 'usize', 'src/adapters/spawn-records.ts', 'NOTE_CHARACTERS'),
  value('LEDGER_BYTES_MAX', 'u64', 'src/adapters/node/files/ledger-file.ts', 'LEDGER_BYTES_MAX'),
  value('LEDGER_READ_BYTES', 'u64', 'src/adapters/node/files/ledger-file.ts', 'READ_BYTES'),

  value('LOCK_VARIABLE', '&str', 'src/adapters/spawn-target.ts', 'LOCK_VARIABLE'),
  value('CALLER_VARIABLE', '&str', 'src/app/wire/request.ts', 'CALLER_VARIABLE'),
  value('CHANNEL_VARIABLE', '&str', CHANNEL, 'CHANNEL_VARIABLE'),
  value('CHANNEL_DESCRIPTOR', 'i32', CHANNEL, 'NATIVE_CHANNEL_DESCRIPTOR'),
  value('SAID_BYTES_MAX', 'usize', CHANNEL, 'SAID_BYTES_MAX'),

  ...[
    ['ARGUMENT', 'argument'],
    ['ENVIRONMENT', 'environment'],
    ['DIRECTORY', 'directory'],
    ['COMMAND', 'command'],
    ['INPUT', 'input'],
    ['INPUT_END', 'inputEnd'],
    ['HEARTBEAT', 'heartbeat'],
    ['OUTPUT', 'output'],
    ['ERROR_OUTPUT', 'errorOutput'],
    ['INPUT_REQUEST', 'inputRequest'],
    ['EXIT', 'exit'],
  ].map(([name, key]) => value(`CHUNK_${name}`, 'u8', CHUNKS, `CHUNK.${key}`)),
  value('CREDIT_OFFER', '&str', CHUNKS, 'CREDIT_OFFER'),
  value('HEADER_BYTES', 'usize', CHUNKS, 'HEADER_BYTES'),
  value('SMALL_LIMIT_BYTES', 'u32', CHUNKS, 'SMALL_LIMIT_BYTES'),
  value('INPUT_CHUNK_BYTES', 'usize', 'src/app/wire/caller-streams.ts', 'CHUNK_BYTES'),
  value('HEARTBEAT_MS', 'f64', CONVERSATION, 'HEARTBEAT_MS'),
  value('LAST_WORD_MS', 'f64', CLIENT, 'LAST_WORD_MS'),
  value('QUEUED_MS', 'f64', CLIENT, 'QUEUED_MS'),
  value('MESSAGE_LIMIT_BYTES', 'usize', CLIENT, 'MESSAGE_LIMIT_BYTES'),
  ...['draining', 'upgrading', 'outdated', 'internal', 'foreign'].map((key) =>
    value(`REFUSAL_${key.toUpperCase()}`, 'i32', CHUNKS, `REFUSAL.${key}`),
  ),

  ...[
    ['OK', 'ok'],
    ['USAGE', 'usage'],
    ['UNAVAILABLE', 'unavailable'],
    ['SOFTWARE', 'software'],
    ['OS_ERROR', 'osError'],
    ['CANT_CREATE', 'cantCreate'],
    ['IO_ERROR', 'ioError'],
    ['TEMP_FAIL', 'tempFail'],
    ['LOST', 'lost'],
    ['NO_PERMISSION', 'noPermission'],
    ['OUTDATED', 'outdated'],
  ].map(([name, key]) => value(`EXIT_${name}`, 'i32', EXITS, `EXIT.${key}`)),

  ...REASONS.map((reason) => word(`REASON_${reason.toUpperCase().replaceAll('-', '_')}`, PLAN, reason)),
  ...['claimed', 'gave-way', 'ready', 'failed', 'ended', 'started', 'refused'].map((kind) =>
    word(`ENTRY_${kind.toUpperCase().replaceAll('-', '_')}`, LEDGER, kind),
  ),
  ...['starting', 'claiming', 'loading', 'serving'].map((stage) =>
    word(`STAGE_${stage.toUpperCase()}`, LEDGER, stage),
  ),

  ...['DIAGNOSTIC_STYLE', 'DIAGNOSTIC_STYLE_END', 'ELLIPSIS', 'UNKNOWN_ERROR', 'WHITE_SPACE'].map((name) =>
    value(name, '&str', DIAGNOSTIC, name),
  ),
  value('DIAGNOSTIC_LIMIT', 'usize', DIAGNOSTIC, 'DIAGNOSTIC_LIMIT'),
  ...['plain', 'absolute', 'searched', 'files'].map((kind) =>
    words(`ENVIRONMENT_${kind.toUpperCase()}`, ENVIRONMENT, 'PASSED_ON', (passed) => passed[kind]),
  ),
  value('ENVIRONMENT_LOCALE', '&str', ENVIRONMENT, 'LOCALE'),
  words('ENVIRONMENT_PRELOADS', ENVIRONMENT, 'PRELOADS'),
  value('BOUND', '&str', LIMITS, 'BOUND'),
  text('TEXT_BOUND', LIMITS, 'boundBy', ({ boundBy }) => boundBy('{what}').message),
  words('FROM_OUTSIDE', LEDGER, 'FROM_OUTSIDE'),
  words('LACKING', LEDGER, 'LACKING'),
  value('SILENT_MS_MAX', 'f64', LEDGER, 'SILENT_MS_MAX'),
  text('TEXT_SILENT', LEDGER, 'silentText', ({ silentText }) =>
    silentText(LONG_MS).replace('12346', '{seconds}'),
  ),
  value('ASKED', '&str', LEDGER, 'ASKED'),
  value('SPEAKER', '&str', WORDS, 'SPEAKER'),
  ...[
    ['LINK', 'link'],
    ['NO_DIRECTORY', 'no-directory'],
    ['FOREIGN', 'foreign'],
    ['WRITABLE', 'writable-by-others'],
    ['ABOVE_FOREIGN', 'above-foreign'],
    ['ABOVE_WRITABLE', 'above-writable'],
  ].map(([name, why]) =>
    sentence(`TEXT_DISTRUSTED_${name}`, { kind: 'state-directory-distrusted', path: '{path}', why }),
  ),
  sentence('TEXT_UNUSABLE', { kind: 'state-directory-unusable', path: '{path}', cause: CAUSE }),
  sentence('TEXT_LOCK_ERROR', { kind: 'lock-error', path: '{path}', cause: CAUSE }),
  ...REFUSALS,
  sentence(
    'TEXT_CRASH_LOOP',
    {
      kind: 'crash-loop',
      directory: '{directory}',
      failures: '{failures}',
      waitMs: LONG_MS,
      message: '{message}',
    },
    inSeconds,
  ),
  sentence('TEXT_DECLINED', { kind: 'declined', message: '{message}' }),
  sentence(
    'TEXT_STILL_LOADING',
    { kind: 'still-loading', directory: '{directory}', pid: '{pid}', forMs: LONG_MS },
    inSeconds,
  ),
  ...DEATHS,
  ...TIMEOUTS,
  ...SILENCES,
  end('TEXT_ENDED', { signal: '{how}' }),
  end('TEXT_ENDED_WHY', { signal: '{how}', why: '{why}' }),
  end('TEXT_HOW_CODE', { code: '{code}' }, inParentheses),
  end('TEXT_HOW_UNSEEN', {}, inParentheses),
  warning('TEXT_WITHOUT_LOCK', { kind: 'lock-error', path: '{path}', cause: CAUSE }),
  warning('TEXT_OVERRODE', { kind: 'overrode-lock', ageMs: LONG_MS }, inSeconds),
  value('PROGRESS_AFTER_MS', 'f64', PROGRESS, 'PROGRESS_AFTER_MS'),
  value('PROGRESS_ERASE', '&str', PROGRESS, 'PROGRESS_ERASE'),
  text('TEXT_PROGRESS', PROGRESS, 'progressText', ({ progressText }) => progressText('{service}')),
  ...CODES,
  text('CODE_SUFFIX', ERROR_CODES, 'codeSuffix', ({ codeSuffix }) => codeSuffix('{code}')),
  trouble('TEXT_LOST', 'lost', CAUSE),
  trouble('TEXT_BROKEN', 'stream', '{stream}', CAUSE),
  value('TEXT_HUNG_UP', '&str', CLIENT, 'HUNG_UP.message'),
  text('TEXT_FOREIGN', CLIENT, 'foreignText', ({ foreignText }) =>
    foreignText({ kind: 'unknown-type', byte: 0 }).replace(/ a chunk.*/, ' {violation}'),
  ),
  text('TEXT_SENT', CONVERSATION, 'sentText', ({ sentText }) =>
    sentText({ kind: 'unknown-type', byte: 0 }).replace(/ a chunk.*/, ' {violation}'),
  ),
  violation('TEXT_UNKNOWN_TYPE', { kind: 'unknown-type', byte: '{byte}' }),
  violation('TEXT_TOO_LONG', { kind: 'chunk-too-long', type: '{type}', bytes: '{bytes}', limit: '{limit}' }),
  text('TEXT_NO_EXIT_CODE', CHUNKS, 'violationText', ({ violationText }) =>
    violationText({ kind: 'no-exit-code', text: '{text}' }).replace('"{text}"', '{text}'),
  ),
];
