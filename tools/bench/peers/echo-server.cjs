// echo-server.cjs <kind> <socket>: sends back 100 bytes, by one of several wires.
const http = require('node:http');
const net = require('node:net');
const readline = require('node:readline');

const [kind, socketPath] = process.argv.slice(2);

const quietly = (handle) =>
  net.createServer((socket) => {
    socket.on('error', () => {});
    handle(socket);
  });

/** A length of 4 bytes before each message, which comes back as it is. */
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

function answerLines(socket) {
  readline.createInterface({ input: socket }).on('line', (line) => {
    const { id, text } = JSON.parse(line);
    socket.write(`${JSON.stringify({ id, text })}\n`);
  });
}

function answerJsonRpc(socket) {
  const {
    createMessageConnection,
    StreamMessageReader,
    StreamMessageWriter,
  } = require('vscode-jsonrpc/node');
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.onRequest('echo', (text) => text);
  connection.listen();
}

function serveNodeIpc() {
  const { IPC } = require('node-ipc');
  const ipc = new IPC();
  ipc.config.silent = true;
  ipc.serve(socketPath, () => {
    ipc.server.on('echo', ({ id, text }, socket) => ipc.server.emit(socket, 'echo', { id, text }));
  });
  ipc.server.start();
}

const SERVERS = {
  net: () => quietly((socket) => socket.pipe(socket)).listen(socketPath),
  frames: () => quietly(answerFrames).listen(socketPath),
  lines: () => quietly(answerLines).listen(socketPath),
  jsonrpc: () => quietly(answerJsonRpc).listen(socketPath),
  http: () => http.createServer((request, response) => request.pipe(response)).listen(socketPath),
  'node-ipc': serveNodeIpc,
};

SERVERS[kind]();
