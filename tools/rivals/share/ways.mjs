/** Ways to give many sessions one MCP server, each with its bridge and what a host connects to. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { plainEnvironment } from '../../support/environment.mjs';
import { NATIVE_CLIENT, ROOT, SOLOD } from '../../support/paths.mjs';
import { readJson } from '../../support/prepare.mjs';
import { waitUntil } from '../../support/time.mjs';

const OWN = import.meta.dirname;
export const ECHO_SERVER = path.join(OWN, 'echo-server.mjs');
export const EVERYTHING = path.join(
  ROOT,
  'node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);
export const SHARE_PEERS = path.join(OWN, 'peers');
const READY = { withinMs: 30_000, everyMs: 20 };

/**
 * @typedef {import('./session.mjs').Address} Address
 * @typedef {{ folder: string, command: readonly string[], port: number }} Stage `folder` for everything that
 *   is made; `command` of the server; `port` of a bridge that needs one
 * @typedef {(stage: Stage) => Promise<void>} Bridge
 * @typedef {(command: string) => boolean} KnowsBridge knows the process that all sessions go through by its
 *   command line
 * @typedef {{ name: string, version: string, isOurs: boolean, bridge?: Bridge, address: (stage: Stage) =>
 *   Address, isBridge?: KnowsBridge }} Way
 */

/** @param {Stage} stage @param {readonly string[]} command @returns {Address} */
const byCommand = ({ folder }, [program = '', ...args]) => ({
  kind: 'command',
  program,
  args,
  // Its state is in the folder, and so is known whom it belongs to.
  env: /** @type {Record<string, string>} */ ({
    ...plainEnvironment(),
    SOLOD_DIR: path.join(folder, 'state'),
  }),
  cwd: folder,
});

/** @param {Stage} stage @param {readonly string[]} command */
function startBridge({ folder }, [program = '', ...args]) {
  const env = { ...plainEnvironment(), SOLOD_DIR: path.join(folder, 'state') };
  spawn(program, args, { cwd: folder, env, stdio: 'ignore' }).unref();
}

/** @param {number} port */
async function listensOn(port) {
  let isThere = false;
  const look = () => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    socket.on('connect', () => {
      isThere = true;
      socket.destroy();
    });
    return isThere;
  };
  if (!(await waitUntil(look, READY))) throw new Error(`nothing listens on port ${port}`);
}

/** @param {string} name */
const versionOf = (name) => readJson(path.join(SHARE_PEERS, 'package.json')).dependencies[name];

/** @param {string} name */
function programOf(name) {
  const folder = path.join(SHARE_PEERS, 'node_modules', name);
  return path.join(folder, readJson(path.join(folder, 'package.json')).bin[name]);
}

const naiveSocket = (/** @type {Stage} */ { folder }) => path.join(folder, 'naive.sock');
const isBroker = (/** @type {string} */ command) => command.includes(path.join(ROOT, 'dist', 'share.cjs'));

/** @param {'http' | 'sse'} kind @param {string} route @returns {(stage: Stage) => Address} */
const byPort =
  (kind, route) =>
  ({ port }) => ({ kind, url: `http://127.0.0.1:${port}/${route}` });

/** @param {readonly string[]} options @returns {(stage: Stage) => Promise<void>} */
const supergateway = (options) => async (stage) => {
  const command = stage.command.map((word) => JSON.stringify(word)).join(' ');
  const own = [process.execPath, programOf('supergateway'), '--stdio', command, '--port', `${stage.port}`];
  startBridge(stage, [...own, ...options, '--logLevel', 'none']);
  await listensOn(stage.port);
};

const ownVersion = () => readJson(path.join(ROOT, 'package.json')).version;

/** @type {readonly Way[]} */
export const WAYS = [
  {
    name: 'a copy each',
    version: '',
    isOurs: false,
    address: (stage) => byCommand(stage, stage.command),
  },
  {
    name: 'solod share, native client',
    version: ownVersion(),
    isOurs: true,
    address: (stage) => byCommand(stage, [NATIVE_CLIENT, 'share', '--', ...stage.command]),
    isBridge: isBroker,
  },
  {
    name: 'solod share, client in Node',
    version: ownVersion(),
    isOurs: true,
    address: (stage) => {
      const { env, ...address } = /** @type {Extract<Address, { kind: 'command' }>} */ (
        byCommand(stage, [process.execPath, SOLOD, 'share', '--', ...stage.command])
      );
      return { ...address, env: { ...env, SOLOD_SHARE_CLIENT: 'node' } };
    },
    isBridge: isBroker,
  },
  {
    name: 'naive sharing',
    version: '',
    isOurs: false,
    bridge: async (stage) => {
      startBridge(stage, [
        process.execPath,
        path.join(OWN, 'naive-bridge.mjs'),
        naiveSocket(stage),
        ...stage.command,
      ]);
      await waitUntil(() => fs.existsSync(naiveSocket(stage)), READY);
    },
    address: (stage) =>
      byCommand(stage, [process.execPath, path.join(OWN, 'naive-client.mjs'), naiveSocket(stage)]),
    isBridge: (command) => command.includes('naive-bridge.mjs'),
  },
  {
    name: 'mcp-proxy',
    version: versionOf('mcp-proxy'),
    isOurs: false,
    bridge: async (stage) => {
      const port = `${stage.port}`;
      startBridge(stage, [process.execPath, programOf('mcp-proxy'), '--port', port, '--', ...stage.command]);
      await listensOn(stage.port);
    },
    address: byPort('http', 'mcp'),
    isBridge: (command) => command.includes('mcp-proxy'),
  },
  {
    name: 'supergateway, SSE',
    version: versionOf('supergateway'),
    isOurs: false,
    bridge: supergateway([]),
    address: byPort('sse', 'sse'),
    isBridge: (command) => command.includes('supergateway'),
  },
  {
    name: 'supergateway, stateful HTTP',
    version: versionOf('supergateway'),
    isOurs: false,
    bridge: supergateway(['--outputTransport', 'streamableHttp', '--stateful']),
    address: byPort('http', 'mcp'),
    isBridge: (command) => command.includes('supergateway'),
  },
];
