/** Each message with stand-ins for what varies in it. */

const CAUSE = { code: 'EACCES', message: 'EACCES: permission denied' };

/**
 * What a message shows in place of a value, by the name of the parameter. Others get their name in brackets.
 * @type {Readonly<Record<string, unknown>>} */
const STAND_INS = {
  cause: CAUSE,
  known: ['<one>', '<another>'],
  similar: [],
  keys: ['<key>'],
  commands: ['<one>', '<another>'],
  refusal: { why: 'no-json', line: 3, column: 7 },
  end: { code: undefined, signal: 'SIGKILL' },
  lastWords: '',
  heapBytes: undefined,
};

/** Fields of failures whose sentence depends on more than a name.
 * @type {Readonly<Record<string, unknown>>} */
const FIELDS = {
  cause: CAUSE,
  why: 'writable-by-others',
  owner: undefined,
  word: undefined,
  signal: undefined,
  code: 1,
  lastOutput: '',
  phase: 'ready',
  afterMs: 10_000,
  waitMs: 5_000,
  forMs: 12_000,
  ageMs: 12_000,
  failures: 4,
  rounds: 20,
  outcome: { kind: 'still-there', pid: '<pid>' },
  message: '<error>',
};

/** @param {string} kind @returns {object} a failure or a warning whose other fields are stand-ins */
const failureOf = (kind) =>
  new Proxy(
    {},
    {
      get: (_, field) => {
        if (field === 'kind') return kind;
        if (kind === 'switched-off' && field === 'why') return 'SOLOD=off';
        return field in FIELDS ? FIELDS[String(field)] : `<${String(field)}>`;
      },
    },
  );

/** What `doctor` finds, with stand-ins for what it found out.
 * @type {Readonly<Record<string, unknown>>} */
const SIGHTS = {
  cause: CAUSE,
  why: 'writable-by-others',
  base: 'state-home',
  step: 'making',
  mode: 0o755,
  generations: [2, 3],
  names: ['<name>'],
  versions: ['<one>', '<another>'],
  servers: ['<pid>'],
  sticky: 'not-all',
  aheadMs: 3_600_000,
  ageMs: 3_600_000,
  freeBytes: 0,
  mostBytes: 107,
};

/** @param {string} kind @returns {object} */
export const symptomOf = (kind) =>
  new Proxy(
    {},
    {
      get: (_, field) => {
        if (field === 'kind') return kind;
        if (kind === 'base-ignored' && field === 'why') return { kind: 'foreign' };
        if (kind === 'sandboxed' && field === 'step') return 'binding';
        return field in SIGHTS ? SIGHTS[String(field)] : `<${String(field)}>`;
      },
    },
  );

/** @param {string} source @param {string} name of a message @returns {string[]} names of its parameters */
function parametersOf(source, name) {
  const made = new RegExp(`(?:^  ${name}: |^function ${name})\\(([^)]*)\\)`, 'm').exec(source)?.[1] ?? '';
  return [...made.matchAll(/(\w+)\??:/g)].map(([, parameter = '']) => parameter);
}

/**
 * The sentences of a table of messages, by code.
 * @param {Readonly<Record<string, Function>>} table
 * @param {string} source of its file, which has the names of the parameters
 * @param {(complaint: object) => string} textOf
 * @returns {[string, string][]}
 */
export function examplesOfTable(table, source, textOf) {
  return Object.entries(table).map(([name, make]) => {
    const parameters = parametersOf(source, name);
    const complaint = make(...parameters.map((one) => (one in STAND_INS ? STAND_INS[one] : `<${one}>`)));
    return [complaint.code, textOf(complaint)];
  });
}

/**
 * The sentences of a table that makes texts.
 * @param {Readonly<Record<string, Function>>} table @param {string} source of its file
 * @returns {[string, string][]} by name
 */
export const textsOfTable = (table, source) =>
  Object.entries(table).map(([name, make]) => [
    name,
    make(...parametersOf(source, name).map((one) => `<${one}>`)),
  ]);

/** @param {string} kind @param {(failure: object) => string} sentence */
export const exampleOf = (kind, sentence) => sentence(failureOf(kind));
