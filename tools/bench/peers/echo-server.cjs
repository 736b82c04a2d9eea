// echo-server.cjs <kind> <socket>: sends back 100 bytes, by one of several wires.
const http = require('node:http');
const net = require('node:net');
const readline = require('node:readline');

const [kind = '', socketPath = ''] = process.argv.slice(2);
/** Packages that are installed on demand, and have no types here. @type {(name: string) => any} */
const load = require;

/** @param {(socket: import('node:net').Socket) => void} handle */
const quietly = (handle) =>
  net.createServer((socket) => {
    socket.on('error', () => {});
    handle(socket);
  });

/**
 * A length of 4 bytes before each message, which comes back as it is.
 * @param {import('node:net').Socket} socket
 */
function answerFrames(socket) {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let end = 0;
    while (rest.length >= end + 4 && rest.length >= end + 4 + rest.readUInt32BE(end)) {
      const next = end + 4 + rest.readUInt32BE(end);
      socket.write(rest.subarray(end, next));
      end = next;
    }
    rest = rest.subarray(end);
  });
}

/** @param {import('node:net').Socket} socket */
function answerLines(socket) {
  readline.createInterface({ input: socket }).on('line', (line) => {
    const { id, text } = JSON.parse(line);
    socket.write(`${JSON.stringify({ id, text })}\n`);
  });
}

/** @param {import('node:net').Socket} socket */
function answerJsonRpc(socket) {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = load('vscode-jsonrpc/node');
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.onRequest('echo', (/** @type {string} */ text) => text);
  connection.listen();
}

function serveNodeIpc() {
  const { IPC } = load('node-ipc');
  const ipc = new IPC();
  ipc.config.silent = true;
  /** @param {{ id: number, text: string }} question @param {import('node:net').Socket} socket */
  const answer = ({ id, text }, socket) => ipc.server.emit(socket, 'echo', { id, text });
  ipc.serve(socketPath, () => ipc.server.on('echo', answer));
  ipc.server.start();
}

/** @type {Record<string, () => unknown>} */
const SERVERS = {
  net: () => quietly((socket) => socket.pipe(socket)).listen(socketPath),
  frames: () => quietly(answerFrames).listen(socketPath),
  lines: () => quietly(answerLines).listen(socketPath),
  jsonrpc: () => quietly(answerJsonRpc).listen(socketPath),
  http: () => http.createServer((request, response) => request.pipe(response)).listen(socketPath),
  'node-ipc': serveNodeIpc,
};

SERVERS[kind]?.();
