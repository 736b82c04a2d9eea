/**
 * What does not hold on another runtime, each with the process tests that show it: these are left out there
 * by name, and docs/platforms.md says the same (`npm run pages`).
 */

/**
 * @typedef {object} Otherwise
 * @property {string} what in Markdown, and a part of a sentence
 * @property {readonly string[]} tests a part of the name of each: what stands in `describe`, and in `it`
 */

/** @type {Otherwise} */
const LATE_ERRORS = {
  what: 'an error after the end of a call ends the daemon, and the next call starts another',
  tests: [
    'exits or fails after its end',
    'fails twice: the first error counts',
    'no error that a call leaves behind',
  ],
};

/** @type {Otherwise} */
const WORKERS = {
  what: 'a service with workers is refused, and runs on a Node that `--node` names',
  tests: ['a new build that meets a call in a worker'],
};

/**
 * @typedef {object} OtherRuntime
 * @property {string} title
 * @property {readonly string[]} runArguments what stands before a program, as the table of runtimes has it
 * @property {readonly Otherwise[]} list
 */

/** @type {Readonly<Record<'bun' | 'deno', OtherRuntime>>} */
export const OTHERWISE = {
  bun: {
    title: 'Bun',
    runArguments: [],
    list: [
      {
        what: 'a call has no working directory, relative paths and children of its own (`syncBuiltinESMExports` is missing)',
        tests: [],
      },
      LATE_ERRORS,
      WORKERS,
      {
        what: 'what the native client has claimed for a daemon, Bun claims anew, a generation later: its children might inherit the listener',
        tests: ['a daemon whose name was claimed natively'],
      },
      {
        what: 'Node starts a new name on Node, also for the native client, and Bun on Bun',
        tests: ['is started without Node, as Node would'],
      },
      {
        what: 'the message for a file that it can’t parse does not name the type of the error',
        tests: ['a syntax error'],
      },
      {
        what: 'a program that has ended, and whose child still has its socket and closes each connection at once, is told of by ECONNRESET',
        tests: ['that leaves its listener to a child'],
      },
      {
        what: 'there is a compile cache, also beside a Node that has none',
        tests: ['is not there where Node has none'],
      },
    ],
  },
  deno: {
    title: 'Deno',
    runArguments: ['run', '-A'],
    list: [
      {
        what: 'the native client starts nothing on Deno: a new name, and one whose daemon on Deno has died, it starts on Node',
        tests: ['is started without Node, as Node would'],
      },
      {
        what: '`solod connect` ends when its stdin does, though the program has closed the connection before',
        tests: ['ends when the daemon has closed the connection, though stdin is open'],
      },
      {
        what: '`install`, which would have to write `run -A` into settings; a daemon on Deno is started by a caller on Deno, because `--node` names a Node or a Bun',
        tests: [],
      },
      {
        ...LATE_ERRORS,
        tests: [...LATE_ERRORS.tests, 'leave unhandled promises of a careless service behind'],
      },
      WORKERS,
      { what: '`process.title` of a call is that of the daemon', tests: [] },
      {
        what: '`isTTY` of what is not a terminal is `false`, where Node has nothing',
        tests: ['a service that is loaded sees nothing of its first caller'],
      },
      {
        what: '`solod stop` counts itself in what the log says of calls that are waited for',
        tests: ['that is asked to stop names what it waits for'],
      },
      {
        what: 'owner files have no sticky bit',
        tests: ['and its sockets and owner files carry the sticky bit'],
      },
    ],
  },
};

/** The files whose tests run there. */
export const FILES = [
  'test/process/daemon',
  'test/process/calls/calls.test.ts',
  'test/process/calls/storms.test.ts',
];

/** @returns {string} a list in Markdown */
export const otherwiseList = () =>
  Object.values(OTHERWISE)
    .map(({ title, list }) => [`${title}:`, '', ...list.map(({ what }) => `- ${what}`)].join('\n'))
    .join('\n\n');
