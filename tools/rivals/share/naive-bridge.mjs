// Naive sharing: one server, the lines of all clients to it as they are, its lines to every client. What a
// first attempt at a bridge does, and the control of the comparison: it must look bad.
// Arguments: the path of its socket, then the server's command.
import { spawn } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';

const [socketPath = '', program = '', ...args] = process.argv.slice(2);
/** @type {Set<net.Socket>} */
const clients = new Set();
/**
 * @typedef {import('node:stream').Readable} Readable
 * @typedef {import('node:stream').Writable} Writable
 * @type {import('node:child_process').ChildProcessByStdio<Writable, Readable, null>}
 */
let server;

function start() {
  server = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  server.stdin.on('error', () => {});
  createInterface({ input: server.stdout }).on('line', (line) => {
    for (const client of clients) client.write(`${line}\n`);
  });
  server.once('exit', start);
}

start();
net
  .createServer((client) => {
    clients.add(client);
    createInterface({ input: client }).on('line', (line) => server.stdin.write(`${line}\n`));
    client.on('error', () => {}).on('close', () => clients.delete(client));
  })
  .listen(socketPath);
