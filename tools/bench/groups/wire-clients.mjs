/**
 * The clients of several wires: each sends a hundred bytes and gets them back, inside this process. A wire
 * opens to `exchange`, which resolves when the whole answer is there. A wire whose name ends with "kept" has
 * one connection for all exchanges; the others make one for each exchange, as solod's wire does.
 */
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PEERS } from '../../support/paths.mjs';

/**
 * @typedef {{ exchange: () => Promise<unknown>, close: () => void }} Wire
 * @typedef {(socketPath: string) => Promise<Wire>} Open
 * @typedef {{ name: string, server: string, open: Open, package?: string }} WireKind `server`: of
 *   `echo-server.cjs`; `package`: what must be installed for it
 * @typedef {import('../../support/product.mjs').Library} Library
 * @typedef {Omit<Parameters<Library['call']>[0], 'args' | 'stdout' | 'stderr'>} CallTarget
 */

const TEXT = 'x'.repeat(100);
const BYTES = Buffer.from(TEXT);
const FRAME = Buffer.concat([Buffer.from([0, 0, 0, BYTES.length]), BYTES]);
const GREET_MS = 10_000;
const KEPT_MAX = 64;
/** Packages that are installed on demand, and have no types here. @type {(name: string) => any} */
const loadPeer = createRequire(path.join(PEERS, 'package.json'));

/** @param {string} socketPath @returns {Promise<net.Socket>} */
function connected(socketPath) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath, () => resolve(socket));
    socket.once('error', reject);
  });
}

/**
 * Resolves when as many bytes have come back.
 * @param {string} socketPath
 * @param {Buffer} message
 * @returns {Promise<void>}
 */
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

/** Answers come in the order of the questions: the one that waits longest is next. */
class Waiting {
  /** @type {((value?: unknown) => void)[]} */
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

/**
 * All answers have one length, so the bytes tell how many have come.
 * @param {Buffer} message
 * @returns {Open}
 */
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

/** @param {Buffer} message @returns {Open} */
const freshOf = (message) => async (socketPath) => ({
  exchange: () => once(socketPath, message),
  close: () => {},
});

/** Parses the answers, as a client of frames does. @type {Open} */
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

/** Questions with a number, and answers with the same. */
class Numbered {
  /** @type {Map<number, (value?: unknown) => void>} */
  #resolves = new Map();
  #last = 0;

  /** @param {(id: number) => void} send */
  ask(send) {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#resolves.set(id, resolve);
      send(id);
    });
  }

  /** @param {{ id: number, text: string }} answer */
  answered({ id, text }) {
    if (text.length !== TEXT.length) throw new Error('an answer of another length');
    this.#resolves.get(id)?.();
    this.#resolves.delete(id);
  }
}

/** @type {Open} */
async function linesKept(socketPath) {
  const socket = await connected(socketPath);
  const numbered = new Numbered();
  createInterface({ input: socket }).on('line', (line) => numbered.answered(JSON.parse(line)));
  const exchange = () => numbered.ask((id) => socket.write(`${JSON.stringify({ id, text: TEXT })}\n`));
  return { exchange, close: () => socket.destroy() };
}

/** @type {Open} */
async function jsonRpcKept(socketPath) {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } =
    loadPeer('vscode-jsonrpc/node');
  const socket = await connected(socketPath);
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.listen();
  return { exchange: () => connection.sendRequest('echo', TEXT), close: () => socket.destroy() };
}

/** @type {Open} */
function nodeIpcKept(socketPath) {
  const { IPC } = loadPeer('node-ipc');
  const ipc = new IPC();
  ipc.config.silent = true;
  const numbered = new Numbered();
  return new Promise((resolve) => {
    ipc.connectTo('server', socketPath, () => {
      const server = ipc.of.server;
      server.on('echo', (/** @type {{ id: number, text: string }} */ answer) => numbered.answered(answer));
      const exchange = () => numbered.ask((id) => server.emit('echo', { id, text: TEXT }));
      server.on('connect', () => resolve({ exchange, close: () => ipc.disconnect('server') }));
    });
  });
}

/** @param {http.AgentOptions} options @returns {Open} */
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

/** Counts the bytes that a call prints. */
class Counter extends Writable {
  count = 0;

  /** @param {Buffer} bytes @param {BufferEncoding} _encoding @param {() => void} callback */
  _write(bytes, _encoding, callback) {
    this.count += bytes.length;
    callback();
  }
}

/**
 * The wire alone, without looking for a daemon: what `call` does once it is connected.
 * @param {import('../../support/product.mjs').Wire} wire @returns {Open}
 */
const ownWireOf = (wire) => async (socketPath) => ({
  exchange: async () => {
    const connection = new wire.CallConnection(await connected(socketPath));
    const greeting = await connection.greet({ command: 'x', args: [TEXT], env: {}, cwd: '/' }, GREET_MS);
    if (greeting.kind !== 'accepted') throw new Error(`the greeting is ${greeting.kind}`);
    const stdout = new Counter();
    const ended = await connection.complete({ stdin: undefined, stdout, stderr: new Counter() });
    if (ended.kind !== 'exited' || stdout.count !== TEXT.length)
      throw new Error(`the call is ${ended.kind}, with ${stdout.count} bytes`);
  },
  close: () => {},
});

/**
 * The library's `call`, with all its checks.
 * @param {Library} library @param {CallTarget} options @returns {Open}
 */
const ownCallOf = (library, options) => async () => ({
  exchange: async () => {
    const stdout = new Counter();
    const ended = await library.call({ ...options, args: [TEXT], stdout, stderr: new Counter() });
    if (ended.kind !== 'exited' || stdout.count !== TEXT.length)
      throw new Error(`the call is ${ended.kind}, with ${stdout.count} bytes`);
  },
  close: () => {},
});

/** The name of the wire whose connections are kept. */
export const OWN_KEPT = 'createClient(), kept';

/**
 * The library's client, whose connections its daemon leaves open.
 * @param {Library} library @param {CallTarget} options @returns {Open}
 */
const ownClientOf = (library, options) => async () => {
  const client = library.createClient({ ...options, connections: KEPT_MAX });
  const exchange = async () => {
    const stdout = new Counter();
    const ended = await client.call({ args: [TEXT], stdout, stderr: new Counter() });
    if (ended.kind !== 'exited' || stdout.count !== TEXT.length)
      throw new Error(`the call is ${ended.kind}, with ${stdout.count} bytes`);
  };
  return { exchange, close: () => void client.close() };
};

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
 * @param {{ wire: import('../../support/product.mjs').Wire, library: Library, call: CallTarget }} own `call`:
 *   the options of the library's `call` that say which service
 * @returns {readonly WireKind[]}
 */
export const ownWires = ({ wire, library, call }) => [
  { name: "solod's wire", server: 'own', open: ownWireOf(wire) },
  { name: "solod's call()", server: 'own', open: ownCallOf(library, call) },
  { name: OWN_KEPT, server: 'own', open: ownClientOf(library, call) },
  { name: "claim() with one's own protocol, kept", server: 'claimed', open: keptOf(BYTES) },
];
