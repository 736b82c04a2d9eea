/**
 * What procedures rely on, as checks for any adapters: `solod/testing` exports them for platforms that are
 * not solod's own. Each check has a host of its own. `test/contract` asks more of solod's adapters.
 */

import { judgeConnect } from '../domain/evidence/connect-verdict.js';
import type { Platform } from '../domain/place/layout.js';
import type { FileSystem } from '../ports/file-system.js';
import type { Listener } from '../ports/listener.js';
import type { SocketProbe } from '../ports/socket-probe.js';
import type { Witness } from '../ports/witness.js';

/** Adapters of one machine. */
export interface ContractHost {
  /** An empty directory that is this host's own. */
  readonly root: string;
  /** Whose verdicts hold for its sockets. */
  readonly platform: Platform;
  readonly files: FileSystem;
  /** A probe of its own, as in a process of its own. */
  probe(): SocketProbe;
  /** A listener of its own, as in a process of its own. */
  listener(): Listener;
  /** That of a process of its own each time. Absent where none is held. */
  witness?(): Witness;
  /** Waits for what takes time here. */
  wait<T>(awaited: Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

export interface ContractCheck {
  readonly name: string;
  /** Rejects, and says what is wrong, where the contract is broken. */
  run(): Promise<void>;
}

type Check = (host: ContractHost, at: (name: string) => string) => void | Promise<void>;

const WITHIN_MS = 5_000;

function expect(reading: { readonly kind: string }, kind: string, what: string): void {
  if (reading.kind !== kind)
    throw new Error(`${what}: ${kind} was expected, and not ${JSON.stringify(reading)}`);
}

const FILES: Readonly<Record<string, Check>> = {
  'a directory is made once': ({ files }, at) => {
    expect(files.makeDirectory(at('d')), 'done', 'makeDirectory');
    expect(files.makeDirectory(at('d')), 'occupied', 'makeDirectory of what is there');
    expect(files.makeDirectory(at('none/d')), 'absent', 'makeDirectory below nothing');
    expect(files.makeDirectories(at('a/b/c')), 'done', 'makeDirectories');
    expect(files.makeDirectories(at('a/b/c')), 'done', 'makeDirectories of what is there');
  },
  'a file is created once, with its text': ({ files }, at) => {
    expect(files.createFile(at('f'), 'text'), 'done', 'createFile');
    expect(files.createFile(at('f'), 'other'), 'occupied', 'createFile of what is there');
    const read = files.readText(at('f'));
    if (read.kind !== 'text' || read.text !== 'text') throw new Error(`readText: ${JSON.stringify(read)}`);
  },
  'what was removed is not brought back by appending': ({ files }, at) => {
    expect(files.appendText(at('f'), 'line'), 'absent', 'appendText to nothing');
    expect(files.readText(at('f')), 'absent', 'readText of nothing');
  },
  'a rename refuses a directory that is not empty': ({ files }, at) => {
    for (const name of ['one', 'two']) {
      files.makeDirectory(at(name));
      files.createFile(at(`${name}/of`), name);
    }
    expect(files.rename(at('two'), at('one')), 'occupied', 'rename onto a full directory');
    for (const name of ['one', 'two']) {
      const read = files.readText(at(`${name}/of`));
      if (read.kind !== 'text' || read.text !== name) throw new Error(`${name} has changed`);
    }
  },
  'a rename publishes a directory with all that is in it': ({ files }, at) => {
    files.makeDirectory(at('private'));
    files.createFile(at('private/of'), 'text');
    expect(files.rename(at('private'), at('public')), 'done', 'rename');
    expect(files.readText(at('public/of')), 'text', 'readText by the new name');
    expect(files.inspect(at('private')), 'absent', 'inspect of the old name');
    expect(files.rename(at('private'), at('public')), 'absent', 'rename of nothing');
  },
  'a rename replaces an empty directory, and a file': ({ files }, at) => {
    for (const name of ['full', 'empty']) files.makeDirectory(at(name));
    files.createFile(at('full/of'), '');
    expect(files.rename(at('full'), at('empty')), 'done', 'rename onto an empty directory');
    for (const name of ['new', 'old']) files.createFile(at(name), name);
    expect(files.rename(at('new'), at('old')), 'done', 'rename onto a file');
    const read = files.readText(at('old'));
    if (read.kind !== 'text' || read.text !== 'new') throw new Error(`readText: ${JSON.stringify(read)}`);
  },
  'removing asks for the right type': ({ files }, at) => {
    files.makeDirectory(at('d'));
    expect(files.removeFile(at('d')), 'wrong-type', 'removeFile of a directory');
    files.createFile(at('d/f'), '');
    expect(files.removeDirectory(at('d')), 'occupied', 'removeDirectory of a full one');
    expect(files.removeFile(at('d/f')), 'done', 'removeFile');
    expect(files.removeFile(at('d/f')), 'absent', 'removeFile of nothing');
    expect(files.removeDirectory(at('d')), 'done', 'removeDirectory');
    expect(files.removeTree(at('d')), 'done', 'removeTree of nothing');
  },
};

const SOCKETS: Readonly<Record<string, Check>> = {
  'a name that nothing has is absent': async (host, at) => {
    const reading = await host.wait(host.probe().connect(at('none'), WITHIN_MS));
    expect(judgeConnect(reading, host.platform), 'absent', 'connect to nothing');
  },
  'a socket listens as soon as it has its name, and by any name that it is given': async (host, at) => {
    host.files.makeDirectory(at('private'));
    expect(await host.wait(host.listener().listen(at('private/sock'))), 'done', 'listen');
    expect(await host.wait(host.probe().connect(at('private/sock'), WITHIN_MS)), 'connected', 'connect');
    host.files.makeDirectory(at('public'));
    expect(host.files.rename(at('private/sock'), at('public/sock')), 'done', 'rename');
    expect(await host.wait(host.probe().connect(at('public/sock'), WITHIN_MS)), 'connected', 'connect');
  },
  'a name is taken once': async (host, at) => {
    expect(await host.wait(host.listener().listen(at('sock'))), 'done', 'listen');
    expect(await host.wait(host.listener().listen(at('sock'))), 'occupied', 'a second listen');
  },
};

const WITNESSES: Readonly<Record<string, Check>> = {
  'a file is held by one process': ({ witness }, at) => {
    const [one, other] = [witness?.(), witness?.()];
    if (one === undefined || other === undefined) return;
    expect(other.look(at('alive')), 'absent', 'look at nothing');
    expect(one.hold(at('alive')), 'done', 'hold');
    expect(other.look(at('alive')), 'held', 'look at a file that is held');
    expect(other.hold(at('alive')), 'held', 'hold of a file that is held');
    one.release(at('alive'));
    expect(other.look(at('alive')), 'free', 'look at a file that was let go of');
    expect(other.hold(at('alive')), 'done', 'hold of a file that was let go of');
  },
};

/**
 * The checks for a platform's adapters, for any test runner.
 * @param make a fresh host for each check
 */
export const adapterContract = (make: () => Promise<ContractHost>): readonly ContractCheck[] =>
  Object.entries({ ...FILES, ...SOCKETS, ...WITNESSES }).map(([name, check]) => ({
    name,
    run: async () => {
      const host = await make();
      try {
        await check(host, (file) => `${host.root}/${file}`);
      } finally {
        await host.dispose();
      }
    },
  }));
