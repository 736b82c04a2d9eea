// `npm start`: builds solod if needed, calls a service twice by Node and once by the native client, and shows
// which daemon answered and how long each call took.
//   npm start                              formats a snippet with examples/prettier.mjs
//   npm start -- <service> -- <args>       any other service; it reads what is piped in
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../tools/support/environment.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const solod = path.join(root, 'dist', 'solod.cjs');
/** Becomes the native client where that is there. */
const frontDoor = path.join(root, 'bin', 'solod');
const client = path.join(root, 'native', 'target', 'release', 'solod-client');
const env = plainEnvironment();
/** The daemon of a demonstration need not stay for a quarter of an hour. */
const IDLE = '--idle-timeout=60s';
const SNIPPET = 'const  answer = {  of:"everything",\n is : 42 }\nexport default   answer\n';

/** @param {string} folder @returns {number} when the newest file in it changed */
function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
  );
}

function buildIfNeeded() {
  if (!isNewer(solod, 'src')) build('build.mjs');
  // Says so itself where it can't be built.
  if (!isNewer(client, 'native/src')) build('native.mjs', 'build');
}

/** @param {string} file @param {string} folder of its sources */
const isNewer = (file, folder) =>
  existsSync(file) && statSync(file).mtimeMs > newest(path.join(root, folder));

/** @param {string} script @param {string[]} args */
function build(script, ...args) {
  console.error('building …');
  const built = spawnSync(process.execPath, [path.join(root, 'scripts', script), ...args], {
    stdio: 'inherit',
  });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

/** @typedef {{ service: string, args: string[], input: string | Buffer }} Request */

/** @param {string[]} argv @returns {Request} */
function askedFor(argv) {
  const [service, ...rest] = argv;
  if (service === undefined) {
    const example = path.join(root, 'examples', 'prettier.mjs');
    return { service: example, args: ['--stdin-filepath', 'snippet.js'], input: SNIPPET };
  }
  const args = rest[0] === '--' ? rest.slice(1) : rest;
  return { service, args, input: process.stdin.isTTY ? '' : readFileSync(0) };
}

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  return spawnSync(process.execPath, [solod, command, ...args], { env, encoding: 'utf8' });
}

/** @param {string} service @returns {number | undefined} the process id of its daemon */
function pidOf(service) {
  const status = run('status', service, '--json');
  return status.status === 0 ? JSON.parse(status.stdout).pid : undefined;
}

const BY_NODE = [process.execPath, solod];
const BY_FRONT_DOOR = [frontDoor];

/** @param {Request} request @param {string} title @param {string[]} engine @returns {number} the exit code */
function ask({ service, args, input }, title, [program = '', ...before]) {
  const daemon = pidOf(service);
  const begun = performance.now();
  const call = spawnSync(program, [...before, 'call', service, IDLE, '--', ...args], {
    env,
    input,
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 1024 * 1024 * 1024,
  });
  const took = performance.now() - begun;
  const pid = pidOf(service);
  const how =
    daemon === undefined ? 'started for this call' : pid === daemon ? 'was there already' : 'was replaced';
  process.stdout.write(call.stdout);
  console.error(
    `\n${title}: exit code ${call.status}, ${took.toFixed(1)} ms from start to end, ` +
      (pid === undefined ? 'and no daemon is left\n' : `answered by daemon ${pid}, which ${how}\n`),
  );
  return call.status ?? 1;
}

buildIfNeeded();
const request = askedFor(process.argv.slice(2));
const codes = [
  ask(request, 'first answer, by Node', BY_NODE),
  ask(request, 'second answer, by Node', BY_NODE),
  existsSync(client) ? ask(request, 'third answer, by the native client', BY_FRONT_DOOR) : 0,
];
const stop = `npx solod stop ${path.relative(process.cwd(), request.service)}`;
console.error(`the daemon ends by itself after a minute without calls; to end it now: ${stop}`);
process.exit(codes.find((code) => code !== 0) ?? 0);
