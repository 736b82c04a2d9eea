/**
 * A hundred bytes there and back, by one wire or another, from within this process. A wire opens to `exchange`, which resolves when the
 * answer is there, whole. What ends in "kept" has one connection for all; the others make one for each exchange, as solod's wire does.
 */
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PEERS } from './bench-sandbox.mjs';

export const TEXT = 'x'.repeat(100);
const BYTES = Buffer.from(TEXT);
const FRAME = Buffer.concat([Buffer.from([0, 0, 0, BYTES.length]), BYTES]);
const rival = createRequire(path.join(PEERS, 'package.json'));

/** @typedef {{ exchange: () => Promise<void>, close: () => void }} Wire */

/** @param {string} socketPath @returns {Promise<net.Socket>} */
function connected(socketPath) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends `message`, and resolves when so many bytes have come back. */
function once(socketPath, message) {
  return new Promise((resolve, reject) => {
    let left = message.length;
    const socket = net.connect(socketPath);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      left -= bytes.length;
      if (left > 0) return;
      socket.destroy();
      resolve();
    });
    socket.write(message);
  });
}

/** Answers come in the order of the questions: whoever waits longest is next. */
class Waiting {
  #resolves = [];
  #first = 0;

  wait() {
    return new Promise((resolve) => this.#resolves.push(resolve));
  }

  next() {
    this.#resolves[this.#first++]?.();
    if (this.#first === this.#resolves.length) [this.#resolves, this.#first] = [[], 0];
  }
}

/** All answers are of one length, so counting bytes tells how many have come. @param {Buffer} message */
const keptOf = (message) => async (socketPath) => {
  const socket = await connected(socketPath);
  const waiting = new Waiting();
  let got = 0;
  socket.on('data', (bytes) => {
    for (got += bytes.length; got >= message.length; got -= message.length) waiting.next();
  });
  const exchange = () => {
    const answered = waiting.wait();
    socket.write(message);
    return answered;
  };
  return { exchange, close: () => socket.destroy() };
};

const freshOf = (message) => async (socketPath) => ({
  exchange: () => once(socketPath, message),
  close: () => {},
});

/** Reads what it is answered, as whoever uses frames does. */
async function framesKept(socketPath) {
  const socket = await connected(socketPath);
  const waiting = new Waiting();
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      rest = rest.subarray(4 + rest.readUInt32BE());
      waiting.next();
    }
  });
  const exchange = () => {
    const answered = waiting.wait();
    const frame = Buffer.allocUnsafe(4 + BYTES.length);
    frame.writeUInt32BE(BYTES.length);
    BYTES.copy(frame, 4);
    socket.write(frame);
    return answered;
  };
  return { exchange, close: () => socket.destroy() };
}

/** Questions that carry a number, and answers that come with it. */
class Numbered {
  #resolves = new Map();
  #last = 0;

  ask(send) {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#resolves.set(id, resolve);
      send(id);
    });
  }

  answered({ id, text }) {
    if (text.length !== TEXT.length) throw new Error('an answer of another length');
    this.#resolves.get(id)?.();
    this.#resolves.delete(id);
  }
}

async function linesKept(socketPath) {
  const socket = await connected(socketPath);
  const numbered = new Numbered();
  createInterface({ input: socket }).on('line', (line) => numbered.answered(JSON.parse(line)));
  const exchange = () => numbered.ask((id) => socket.write(`${JSON.stringify({ id, text: TEXT })}\n`));
  return { exchange, close: () => socket.destroy() };
}

async function jsonRpcKept(socketPath) {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = rival('vscode-jsonrpc/node');
  const socket = await connected(socketPath);
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.listen();
  return { exchange: () => connection.sendRequest('echo', TEXT), close: () => socket.destroy() };
}

function nodeIpcKept(socketPath) {
  const { IPC } = rival('node-ipc');
  const ipc = new IPC();
  ipc.config.silent = true;
  const numbered = new Numbered();
  return new Promise((resolve) => {
    ipc.connectTo('server', socketPath, () => {
      const server = ipc.of.server;
      server.on('echo', (answer) => numbered.answered(answer));
      const exchange = () => numbered.ask((id) => server.emit('echo', { id, text: TEXT }));
      server.on('connect', () => resolve({ exchange, close: () => ipc.disconnect('server') }));
    });
  });
}

/** @param {http.AgentOptions} options */
const httpOf = (options) => async (socketPath) => {
  const agent = new http.Agent(options);
  const headers = { 'content-length': BYTES.length };
  const exchange = () =>
    new Promise((resolve, reject) => {
      const request = http.request({ socketPath, agent, method: 'POST', headers }, (response) => {
        response.on('data', () => {}).once('end', resolve);
      });
      request.once('error', reject);
      request.end(BYTES);
    });
  return { exchange, close: () => agent.destroy() };
};

/** Takes what a call prints, and knows how much it was. */
class Counter extends Writable {
  count = 0;

  _write(bytes, _encoding, callback) {
    this.count += bytes.length;
    callback();
  }
}

/** The wire alone, without finding a daemon: what `call` does once it is connected. */
const ownWireOf = (wire) => async (socketPath) => ({
  exchange: async () => {
    const connection = new wire.CallConnection(await connected(socketPath));
    const greeting = await connection.greet({ command: 'x', args: [TEXT], env: {}, cwd: '/' }, 10_000);
    if (greeting.kind !== 'accepted') throw new Error(`the daemon said: ${greeting.kind}`);
    const stdout = new Counter();
    const ended = await connection.complete({ stdin: undefined, stdout, stderr: new Counter() });
    if (ended.kind !== 'exited' || stdout.count !== TEXT.length)
      throw new Error(`the call has ${ended.kind}`);
  },
  close: () => {},
});

/** The library's `call`, with all that it checks. */
const ownCallOf = (library, options) => async () => ({
  exchange: async () => {
    const stdout = new Counter();
    const ended = await library.call({ ...options, args: [TEXT], stdout, stderr: new Counter() });
    if (ended.kind !== 'exited' || stdout.count !== TEXT.length)
      throw new Error(`the call has ${ended.kind}`);
  },
  close: () => {},
});

/**
 * @typedef {{ name: string, server: string, open: (socketPath: string) => Promise<Wire>, package?: string }} WireKind `server`: of
 *   `echo-server.cjs`; `package`: what has to be installed for it
 */

/** @type {readonly WireKind[]} */
export const RIVAL_WIRES = [
  { name: 'node:net', server: 'net', open: freshOf(BYTES) },
  { name: 'node:net, kept', server: 'net', open: keptOf(BYTES) },
  { name: 'length-prefixed frames', server: 'frames', open: freshOf(FRAME) },
  { name: 'length-prefixed frames, kept', server: 'frames', open: framesKept },
  { name: 'newline JSON, kept', server: 'lines', open: linesKept },
  { name: 'vscode-jsonrpc, kept', server: 'jsonrpc', open: jsonRpcKept, package: 'vscode-jsonrpc' },
  { name: 'node-ipc, kept', server: 'node-ipc', open: nodeIpcKept, package: 'node-ipc' },
  { name: 'node:http', server: 'http', open: httpOf({ keepAlive: false }) },
  { name: 'node:http, kept', server: 'http', open: httpOf({ keepAlive: true }) },
];

/**
 * @param {{ wire: object, library: object, call: object }} own the wire's module, the library, and the options of its `call`
 * @returns {readonly WireKind[]}
 */
export const ownWires = ({ wire, library, call }) => [
  { name: "solod's wire", server: 'own', open: ownWireOf(wire) },
  { name: "solod's call()", server: 'own', open: ownCallOf(library, call) },
  { name: "claim() with one's own protocol, kept", server: 'claimed', open: keptOf(BYTES) },
];
