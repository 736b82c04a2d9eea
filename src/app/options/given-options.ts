/** What the library is given by callers that no type checker has looked at. */

import { isWorkerCount } from '../service/worker-count.js';
import type { Complaint } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';

/** What an option has to be, for people, and whether a value is that. */
type Rule = readonly [wanted: string, holds: (value: unknown) => boolean];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isAmount = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isEnvironment = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((text) => text === undefined || isText(text));

const has = (value: unknown, ...methods: readonly string[]): boolean =>
  isObject(value) && methods.every((name) => typeof Reflect.get(value, name) === 'function');

const oneOf = (...words: readonly string[]): Rule => [
  words.map((word) => JSON.stringify(word)).join(' or '),
  (value) => words.some((word) => word === value),
];

const TEXT: Rule = ['a string', isText];
const TEXTS: Rule = ['an array of strings', isTexts];
const MILLISECONDS: Rule = ['a number of milliseconds', isAmount];
const BYTES: Rule = ['a number of bytes', isAmount];
const FUNCTION: Rule = ['a function', (value) => typeof value === 'function'];
const OUTPUT: Rule = ['a writable stream', (value) => has(value, 'write', 'end', 'on')];

const RULES = {
  service: TEXT,
  name: TEXT,
  project: TEXT,
  stateDirectory: TEXT,
  env: ['an object of strings', isEnvironment],
  args: TEXTS,
  command: ['an array of a program and its arguments', (value) => isTexts(value) && value.length > 0],
  cwd: TEXT,
  stdin: [
    'a readable stream, or a function that returns one',
    (value) => typeof value === 'function' || has(value, 'read', 'pipe', 'on'),
  ],
  stdout: OUTPUT,
  stderr: OUTPUT,
  signal: ['an AbortSignal', (value) => has(value, 'addEventListener', 'removeEventListener')],
  terminals: ['an array of three values', (value) => Array.isArray(value) && value.length === 3],
  timing: ['an object of milliseconds', (value) => isObject(value) && Object.values(value).every(isAmount)],
  fallback: oneOf('wait', 'inline'),
  whenHung: oneOf('report', 'end'),
  greeter: FUNCTION,
  listener: oneOf('claimed', 'handed'),
  daemon: oneOf('auto', 'on', 'off'),
  idleTimeoutMs: MILLISECONDS,
  graceMs: MILLISECONDS,
  memoryLimitBytes: BYTES,
  workerHeapBytes: BYTES,
  workers: ['"auto" or a number of processes', isWorkerCount],
  tether: ['a process id', isAmount],
  compileCache: oneOf('on', 'off'),
  node: TEXT,
  connections: ['a number of connections', isAmount],
  allowHalfOpen: ['true or false', (value) => typeof value === 'boolean'],
} satisfies Readonly<Record<string, Rule>>;

export type OptionName = keyof typeof RULES;

const RULE_ENTRIES = Object.entries(RULES) as readonly [OptionName, Rule][];

/**
 * @param required options that have no default
 * @returns what is wrong with the first wrong option; undefined if they can be used
 */
export function wrongOption(options: unknown, ...required: readonly OptionName[]): Complaint | undefined {
  if (!isObject(options)) return USAGE.options();
  for (const [name, [wanted, holds]] of RULE_ENTRIES) {
    const value: unknown = Reflect.get(options, name);
    const isLeftOut = value === undefined && !required.includes(name);
    if (!isLeftOut && !holds(value)) return USAGE.option(name, wanted);
  }
  return undefined;
}
