// `npm run searches [-- <beginning> …]`: every search of docs/searches.md, or those that begin with a word,
// two at a time, one line each. Ends with 1 if one of them found something wrong, or did not finish,
// or if a protocol without one of its guards was found right.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { refuse } from '../support/command-line.mjs';

const EXPLORE = path.join(import.meta.dirname, 'explore.mjs');

const SEARCHES = [
  // The longest first, so that both workers end at about the same time.
  '3-clients --kills 6',
  '2-candidates-1-client-leftovers --kills 5',
  '2-clients --time any-time --kills 1',
  '2-candidates-1-client-dangling --kills 5',
  '3-kicks-dangling --kills 6',
  '3-kicks-leftovers --kills 6',
  '2-clients --pauses 1 --kills 2',
  '2-candidates-1-client --kills 5',
  '2-clients --pauses 2',
  '3-candidates --kills 3 --reductions none',
  '3-kicks --kills 6',
  '2-clients --stops 1 --kills 2',
  '2-kicks --kills 2 --ticks 2',
  '2-clients-dangling --kills 4',
  '2-clients-leftovers --kills 4',
  '3-candidates-leftovers --kills 3',
  '3-candidates-dangling --kills 3',
  '2-clients --kills 4',
  '3-candidates --kills 3',
  '1-client-1-kick --kills 4',
  '2-kicks-young-lock --kills 4',
  '2-candidates --kills 2 --restarts 2',
  '2-candidates --faults 2 --kills 1',
  '2-clients --faults 1',
  '3-kicks --faults 1',
  'windows-3-candidates --kills 4',
  'windows-3-candidates-leftovers --kills 4',
  'windows-3-candidates --kills 2 --faults 1',
  'windows-3-candidates --kills 1 --pauses 1',
  'windows-2-clients --kills 4',
  'windows-2-kicks --kills 4',
  'darwin-3-candidates --kills 3',
  'darwin-3-candidates-leftovers --kills 3',
  'darwin-2-clients --kills 4',
  'darwin-2-kicks --kills 4',
  '3-candidates --faults 1 --kills 2',
  '1-client --faults 2',
  '2-candidates-1-client --removals 1 --kills 3',
  '2-clients --removals 2 --kills 2',
  '2-clients --removals 1 --stops 1 --kills 1',
  '3-candidates --removals 2 --kills 3',
  'darwin-2-clients --removals 1 --kills 2',
];
/** A guard is left out of each: the search has to find what is wrong. */
const FLAWED = ['without-step-6 --kills 1', 'classic', 'windows-without-lock', 'darwin-without-lock'];
const AT_ONCE = 2;

const wanted = process.argv.slice(2);
const all = [...SEARCHES, ...FLAWED];
const searches =
  wanted.length === 0 ? all : all.filter((line) => wanted.some((word) => line.startsWith(word)));
if (searches.length === 0) refuse('searches', `none begins with ${wanted.join(' or ')}`);

/**
 * @param {string} line a scenario and its options
 * @returns {Promise<{ readonly code: number | null, readonly text: string }>} how it ended, and what it
 * printed
 */
function explore(line) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [EXPLORE, ...line.split(' ')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code, signal) => {
      const printed = Buffer.concat(chunks).toString().trimEnd();
      resolve({ code, text: printed || `${line}: ended with ${signal ?? code}` });
    });
  });
}

/**
 * @param {string} line
 * @returns {Promise<boolean>} whether it found what it has to find: nothing, or a flaw
 */
async function isAsExpected(line) {
  const { code, text } = await explore(line);
  if (!FLAWED.includes(line)) {
    console.log(text);
    return code === 0;
  }
  // Its last line has the number of states: a search that broke down prints none.
  const isFound = code === 1 && / states in .*$/.test(text);
  console.log(isFound ? `${line}: found wrong, as it must be` : `${text}\n${line}: found nothing wrong`);
  return isFound;
}

const waiting = [...searches];
let failed = 0;
async function work() {
  for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
    if (!(await isAsExpected(line))) failed += 1;
    if (process.stderr.isTTY) process.stderr.write(`${waiting.length} of ${searches.length} to go\n`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exitCode = failed === 0 ? 0 : 1;
