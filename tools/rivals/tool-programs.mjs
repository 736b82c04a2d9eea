/**
 * The small programs that are written into the folder of a tool: what its documentation shows, with a service
 * that echoes.
 */

/**
 * What a service answers.
 * @param {number} n the number of the call
 * @param {string} version of the service
 */
export const answerOf = (n, version) => `answer ${n} of ${version}\n`;

/** The end of that answer, as source text. @param {string} version */
const answerEnd = (version) => JSON.stringify(` of ${version}\n`);

/** @param {string} version */
export const solodService = (version) =>
  `export default ({ args, stdout }) => { stdout.write('answer ' + args[0] + ${answerEnd(version)}); };\n`;

export const coreClient = `
process.env.CORE_D_TITLE = 'rival_d';
process.env.CORE_D_DOTFILE = '.rival_d';
process.env.CORE_D_SERVICE = require.resolve('./service.cjs');
require('core_d').invoke(process.argv.slice(2));
`;

// The client puts --no-color before the arguments if its output is not a terminal.
export const coreService = `
exports.invoke = (cwd, args, text, callback) => callback(null, 'answer ' + args.at(-1) + ${answerEnd('A')});
`;

export const sockClasses = `
import { SockDaemonClient, SockDaemonServer } from 'sock-daemon';
const serviceName = 'rival';
export class Server extends SockDaemonServer {
  static get serviceName() { return serviceName; }
  isRequest(message) { return super.isMessage(message) && typeof message.ask === 'string'; }
}
export class Client extends SockDaemonClient {
  static get serviceName() { return serviceName; }
  static get daemonScript() { return new URL('./daemon.mjs', import.meta.url); }
  isResponse(message) { return super.isMessage(message) && typeof message.answer === 'string'; }
  async ask(text) { return (await super.request({ ask: text })).answer; }
}
`;

export const sockClient = `
import { Client } from './classes.mjs';
process.stdout.write(await new Client().ask(process.argv[2]));
`;

/** @param {string} version */
export const sockDaemon = (version) => `
import { Server } from './classes.mjs';
class Echo extends Server {
  async handle({ id, ask }) { return { id, answer: 'answer ' + ask + ${answerEnd(version)} }; }
}
new Echo().listen();
`;

/** Prints the names that eslint complains about, and nothing else. */
export const eslintFormatter = `
const nameIn = (message) => /'(.*?)'/.exec(message)?.[1] ?? message;
module.exports = (results) =>
  results.flatMap(({ messages }) => messages.map(({ message }) => nameIn(message))).join('\\n');
`;

/**
 * Known to be bad: bind; if the address is in use, probe, unlink, and bind again. It races with another
 * process between bind(2) and listen(2), and between the probe and unlink(2).
 */
export const naive = `
const net = require('node:net');
const { spawn } = require('node:child_process');
const { unlinkSync } = require('node:fs');
const { join } = require('node:path');
const address = join(__dirname, 'naive.sock');

function serve() {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let asked = '';
    socket.on('error', () => {}).on('data', (bytes) => { asked += bytes; });
    socket.on('end', () => socket.end('answer ' + asked + ${answerEnd('A')}));
  });
  server.on('error', () => {
    const probe = net.connect(address);
    probe.on('connect', () => process.exit(0));
    probe.on('error', () => {
      try { unlinkSync(address); } catch {}
      server.listen(address);
    });
  });
  server.listen(address);
}

function ask(text, starts) {
  const socket = net.connect(address, () => socket.end(text));
  socket.pipe(process.stdout);
  socket.on('error', () => {
    if (starts) spawn(process.execPath, [__filename], { detached: true, stdio: 'ignore' }).unref();
    setTimeout(ask, 20, text, false);
  });
}

if (process.argv[2] === undefined) serve();
else ask(process.argv[2], true);
`;
