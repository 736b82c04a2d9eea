/**
 * A service can't tell a call from its own process: the same bytes, the same exit code, the same errors. It
 * runs in plain Node, in a daemon that has served another caller before, and inline.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { type Ended, has, type RunOptions, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

interface Behaviour {
  /** The body of an async function `({ args })`; what the module imports is in `HEAD`. */
  readonly does: string;
  readonly options?: RunOptions;
  /** A shell's command line, in which `"$@"` is the call. */
  readonly shell?: string;
}

const HEAD = `
import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'fs/promises';
import { promises } from 'node:fs';
import imported, { argv as importedArgv, cwd as importedCwd, env as importedEnv } from 'node:process';
import { exit as importedExit, stdout as importedOut } from 'process';
import os from 'node:os';
import path from 'node:path';
import tty from 'node:tty';
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { EventEmitter } from 'node:events';
import { inspect, promisify } from 'node:util';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { setTimeout as delay } from 'node:timers/promises';
const { env: keptEnv, argv: keptArgv, stdout: keptOut, stderr: keptErr } = process;
const never = () => new Promise((resolve) => setTimeout(resolve, 60_000));
const ended = (child) => new Promise((resolve) => child.once('close', (...how) => resolve(how)));
const words = ({ code, message, path, dest }) => [code, message, path, dest].join(' | ');
const told = (act) => { try { return act(); } catch (error) { return words(error); } };
const toldLater = (promise) => promise.then((value) => value, words);
`;

const streams: Record<string, Behaviour> = {
  'console.log and console.error': {
    does: `
      console.log('a', 1, { b: [2] }); console.error('%s!', 'c'); console.info('d'); console.warn('e');
      console.debug('f');`,
  },
  'console with groups, counters, tables, assertions': {
    does: `
      console.group('g'); console.log('in'); console.count(); console.count(); console.groupEnd();
      console.count(); console.table([{ a: 1 }]); console.assert(false, 'no');
      console.dir({ a: { b: { c: {} } } }, { depth: 0 });`,
  },
  'writes to the streams of process': {
    does: `
      process.stdout.write('one\\n'); process.stderr.write('two\\n');
      process.stdout.write(Buffer.from('three'));`,
  },
  'a callback of write that exits': {
    does: `process.stdout.write('out', () => process.exit(4)); await never();`,
  },
  'much output, and then exit': {
    does: `for (let n = 0; n < 20_000; n++) console.log('line ' + n); process.exit(2);`,
    shell: '"$@" > out.txt; code=$?; cat out.txt; exit $code',
  },
  'streams kept by the module': {
    does: `
      keptOut.write('kept\\n'); keptErr.write('kept too\\n'); importedOut.write('imported\\n');
      console.log(keptOut.writable, keptOut instanceof EventEmitter);`,
  },
  'input as one text': {
    does: `console.log((await text(process.stdin)).toUpperCase());`,
    options: { input: 'some input' },
  },
  'input by events, and exit at its end': {
    does: `
      let all = ''; process.stdin.setEncoding('utf8'); process.stdin.on('data',
      (piece) => { all += piece; }); process.stdin.on('end', () => { console.log(all.length);
      process.exit(6); }); await never();`,
    options: { input: 'x'.repeat(300_000) },
  },
  'input line by line': {
    does: `
      const lines = readline.createInterface({ input: process.stdin });
      for await (const line of lines) console.log('[' + line + ']');`,
    options: { input: 'a\nb\n\nc' },
  },
  'input that nobody reads': { does: `console.log('done');`, options: { input: 'unread' } },
  'no input': { does: `console.log(JSON.stringify(await text(process.stdin)));` },
  'input through to output': {
    does: `await pipeline(process.stdin, process.stdout, { end: false });`,
    options: { input: Buffer.alloc(500_000, 'xyz') },
  },
  'descriptors 1 and 2': {
    does: `
      fs.writeSync(1, 'one\\n'); fs.writeSync(2, Buffer.from('xtwo\\n'), 1); fs.writeFileSync(1,
      'three\\n'); await promisify(fs.write)(1, 'four\\n'); fs.appendFileSync(2, 'five\\n');
      console.log(fs.writeSync(1, 'äö'));`,
  },
  'a write stream on descriptor 1': {
    does: `
      const out = fs.createWriteStream('', { fd: 1, autoClose: false });
      await new Promise((resolve) => out.write('through\\n', resolve));`,
  },
  'streams that are not a terminal': {
    does: `
      console.log(process.stdout.isTTY, process.stderr.isTTY, process.stdin.isTTY,
      process.stdout.columns, process.stdout.getColorDepth, tty.isatty(1), tty.isatty(0),
      process.stdout.fd, process.stdin.fd);`,
  },
};

const exits: Record<string, Behaviour> = {
  'a returned number': { does: `return 9;` },
  'process.exitCode': { does: `process.exitCode = 7;` },
  'process.exitCode by way of an import': { does: `imported.exitCode = 8;` },
  'process.exitCode by way of require': { does: `createRequire(import.meta.url)('process').exitCode = 11;` },
  'a text as exit code': { does: `process.exitCode = '12';` },
  'process.exit(3)': { does: `process.exit(3); console.log('not reached');` },
  'process.exit() with process.exitCode set': { does: `process.exitCode = 5; process.exit();` },
  'exit by way of an import': { does: `importedExit(13);` },
  'exit in a timer': { does: `setTimeout(() => process.exit(14), 1); await never();` },
  'exit in a promise that nobody waits for': {
    does: `Promise.resolve().then(() => process.exit(15)); await never();`,
  },
  'exit in an event': {
    does: `
      const one = new EventEmitter(); one.on('it', () => process.exit(16));
      setImmediate(() => one.emit('it')); await never();`,
  },
  'exit inside a catch of everything': {
    does: `
      try { process.exit(17); } catch { console.log('not reached'); } console.log('nor this');
      await delay(1); console.log('nor that');`,
  },
  'exit codes beyond a byte': { does: `process.exit(256 + 18);` },
  'a negative exit code': { does: `process.exit(-1);` },
  'an invalid exit code': {
    does: `
      console.log(told(() => process.exit('many')).split('.')[0].slice(0, 20));
      console.log(told(() => { process.exitCode = 1.5; }).slice(0, 16));`,
  },
  'handlers of exit': {
    does: `
      process.on('exit', (code) => { console.log('exit', code, process.exitCode); process.exitCode = 19;
      }); process.once('exit', () => fs.writeSync(1, 'second\\n')); process.exit(1);`,
  },
  'handlers of exit after a return': {
    does: `
      process.on('beforeExit', (code) => console.log('before', code)); process.on('exit',
      (code) => console.log('exit', code)); process.exitCode = 20;`,
  },
  'exit in a handler of exit': { does: `process.on('exit', () => process.exit(21)); process.exit(1);` },
};

const errors: Record<string, Behaviour> = {
  'uncaughtException is handled': {
    does: `
      process.on('uncaughtException', (error, origin) => { console.log(error.message, origin);
      process.exit(22); }); setTimeout(() => { throw new Error('in a timer'); }); await never();`,
  },
  'unhandledRejection is handled': {
    does: `
      process.on('unhandledRejection', (error) => { console.log(error.message); process.exitCode = 23;
      }); Promise.reject(new Error('left')); await delay(5);`,
  },
  'a rejection reaches uncaughtException': {
    does: `
      process.on('uncaughtException', (error, origin) => { console.log(error.message, origin); });
      Promise.reject(new Error('left')); await delay(5);`,
  },
  'handlers come and go': {
    does: `
      const f = () => console.log('never'); process.on('exit', f);
      console.log(process.listenerCount('exit') > 0); process.off('exit', f);
      process.prependListener('x', (n) => console.log('x', n)); console.log(process.emit('x', 1),
      process.emit('y'));`,
  },
};

const warnings: Record<string, Behaviour> = {
  'warnings of its own': {
    does: `
      process.on('warning', (warning) => console.log(warning.name)); process.emitWarning('careful');
      process.emitWarning('old', { type: 'DeprecationWarning', code: 'OLD1', detail: 'use new' });
      await delay(5);`,
  },
};

const environment: Record<string, Behaviour> = {
  'variables of the caller': {
    does: `
      console.log(process.env.GREETING, keptEnv.GREETING, importedEnv.GREETING, process.env.ABSENT,
      'GREETING' in process.env, 'ABSENT' in process.env);`,
    options: { env: { GREETING: 'hello' } },
  },
  'variables written, deleted, listed': {
    does: `
      process.env.NEW = 1; keptEnv.OTHER = undefined; delete process.env.GREETING;
      console.log(process.env.NEW === '1', process.env.OTHER, process.env.GREETING,
      Object.keys(process.env).filter((name) => /^(?:NEW|OTHER|GREETING)$/.test(name)),
      { ...process.env }.NEW, JSON.parse(JSON.stringify(process.env)).NEW,
      Object.entries(keptEnv).some(([name]) => name === 'NEW'));`,
    options: { env: { GREETING: 'hello' } },
  },
  'all variables': {
    does: `console.log(Object.entries(process.env).filter(([name]) => name !== '_').sort().join('\\n'));`,
    options: { env: { 'A B': 'c=d', EMPTY: '', ü: 'ä' } },
  },
  'values that an environment refuses': {
    does: `
      const refused = (act) => {
        try { act(); return 'taken'; } catch ({ name, code }) { return name + ' ' + code; }
      };
      console.log(refused(() => { process.env[Symbol('a')] = 1; }),
      refused(() => { process.env.A = Symbol('a'); }), refused(() => Object.defineProperty(process.env,
      'A', { get: () => 1 })), refused(() => Object.defineProperty(process.env, 'A', { value: 1 })),
      refused(() => Object.defineProperty(process.env, 'A', { value: 1, writable: true,
      enumerable: true, configurable: true })), process.env.A,
      process.env.toString === Object.prototype.toString, process.env.hasOwnProperty('A'));`,
  },
  'an environment that is inspected': {
    does: `
      for (const name of Object.keys(process.env)) if (name !== 'GREETING') delete process.env[name];
      console.log(process.env, inspect(keptEnv));`,
    options: { env: { GREETING: 'hello' } },
  },
  'an environment that is replaced': {
    does: `
      process.env = { ONLY: 'this' }; console.log(process.env.ONLY, process.env.GREETING);
      console.log(execFileSync('/bin/sh', ['-c', 'echo $ONLY $GREETING']).toString());`,
    options: { env: { GREETING: 'hello' } },
  },
  'a file of variables': {
    does: `
      writeFileSync('.env', 'ONE=1\\nGREETING=lost\\n'); process.loadEnvFile?.();
      console.log(process.env.ONE, process.env.GREETING);`,
    options: { env: { GREETING: 'hello' } },
  },
  'home and temporary directory': {
    does: `console.log(os.homedir(), os.tmpdir());`,
    options: { env: { HOME: '/some/home', TMPDIR: '/some/tmp/' } },
  },
  arguments: {
    does: `
      console.log(process.argv.slice(1), keptArgv.slice(2), importedArgv.length, keptArgv[3],
      Array.isArray(keptArgv), process.argv0 === process.argv0); process.argv = ['x'];
      console.log(process.argv);`,
  },
  'a title': { does: `process.title = 'own'; console.log(process.title);` },
};

const directory: Record<string, Behaviour> = {
  'the working directory': {
    does: `console.log(process.cwd(), importedCwd(), path.resolve('a'), path.relative('/', 'b'));`,
  },
  'relative paths, synchronously': {
    does: `
      fs.mkdirSync('d/e', { recursive: true }); writeFileSync('d/f', 'text');
      fs.appendFileSync('d/f', ' more');
      fs.copyFileSync('d/f', 'd/g'); fs.renameSync('d/g', 'd/h'); fs.symlinkSync('f', 'd/l');
      fs.linkSync('d/f', 'd/m'); fs.chmodSync('d/h', 0o600);
      console.log(readFileSync('d/l', 'utf8'), fs.readdirSync('d'), fs.readdirSync('d',
      { withFileTypes: true }).map((entry) => [entry.name, entry.parentPath, entry.isFile()]),
      fs.statSync('d/h').size, fs.lstatSync('d/l').isSymbolicLink(), fs.readlinkSync('d/l'),
      existsSync('d/h'), existsSync('d/x'), fs.realpathSync('d/l'), fs.realpathSync.native('d/l'));
      fs.accessSync('d/f'); fs.truncateSync('d/f', 2); fs.utimesSync('d/f', 1, 1); fs.unlinkSync('d/h');
      fs.closeSync(fs.openSync('d/f')); fs.rmdirSync('d/e'); fs.cpSync('d', 'copied',
      { recursive: true }); fs.rmSync('d', { recursive: true }); console.log(fs.readdirSync('.').sort(),
      fs.readdirSync('copied', { recursive: true }).sort(),
      fs.opendirSync('copied').readSync() !== null);`,
  },
  'relative paths, by callbacks': {
    does: `
      await promisify(fs.mkdir)('c'); await promisify(fs.writeFile)('c/f', 'text');
      console.log(await promisify(fs.readFile)('c/f', 'utf8'), await promisify(fs.readdir)('c'),
      await promisify(fs.exists)('c/f'), (await promisify(fs.stat)('c')).isDirectory(),
      await promisify(fs.realpath)('c/f')); await promisify(fs.rm)('c', { recursive: true });
      await new Promise((resolve) => fs.access('c', (error) => { console.log(error.message, error.path);
      resolve(); }));`,
  },
  'relative paths, by promises': {
    does: `
      await promises.mkdir('p'); await writeFile('p/f', 'text');
      const file = await promises.open('p/f'); console.log(await file.readFile('utf8'),
      await readFile('p/f', 'utf8'), await promises.readdir('p'), await promises.realpath('p'));
      await file.close(); await promises.rename('p', 'q'); await promises.cp('q', 'r',
      { recursive: true });
      for await (const entry of await promises.opendir('r')) console.log(entry.name);
      await promises.rm('q', { recursive: true });`,
  },
  'relative paths as buffers, URLs and with dots': {
    does: `
      writeFileSync(Buffer.from('b'), 'text'); fs.mkdirSync('x/y', { recursive: true });
      console.log(readFileSync('./b', 'utf8'), readFileSync('x/y/../../b', 'utf8'),
      fs.readdirSync('.').includes('b'), told(() => fs.statSync('b/')), told(() => readFileSync('')));`,
  },
  'read and write streams': {
    does: `
      await pipeline(['streamed'], fs.createWriteStream('s'));
      for await (const piece of fs.createReadStream('s', 'utf8')) console.log(piece);
      await toldLater(pipeline(fs.createReadStream('none'),
      fs.createWriteStream('t'))).then(console.log);`,
  },
  'errors name the path as it was given': {
    does: `
      console.log(told(() => readFileSync('missing')), told(() => fs.renameSync('gone', 'there')),
      told(() => fs.mkdirSync('no/such/folder')), await toldLater(readFile('missing/too')),
      told(() => fs.openSync('../missing'))); const error = (() => { try { readFileSync('shown');
      } catch (caught) { return caught; } })(); console.log(error.stack.split('\\n')[0]);`,
  },
  'paths that are made up': {
    does: `
      const made = fs.mkdtempSync('tmp-'); console.log(made.length, made.startsWith('tmp-'),
      existsSync(made), fs.mkdirSync('deep/er', { recursive: true }) !== undefined,
      (await promises.mkdtemp('later-')).startsWith('later-'));`,
  },
  'another directory': {
    does: `
      fs.mkdirSync('sub'); process.chdir('sub'); writeFileSync('in', ''); console.log(process.cwd(),
      fs.readdirSync('.'), fs.readdirSync('..')); process.chdir('..');
      console.log(path.basename(process.cwd()), told(() => process.chdir('none')),
      told(() => process.chdir('sub/in')));`,
  },
  'a watched file': {
    does: `
      writeFileSync('w', ''); const watcher = fs.watch('w');
      const seen = new Promise((resolve) => watcher.once('change', resolve));
      setTimeout(() => fs.appendFileSync('w', 'x'), 20); console.log(await seen); watcher.close();`,
  },
  'names by a pattern': {
    does: `
      writeFileSync('one.glob', ''); writeFileSync('two.glob', '');
      if (fs.globSync) { console.log(fs.globSync('*.glob').sort(), await promisify(fs.glob)('one.*'));
      for await (const name of promises.glob('two.*')) console.log(name); }`,
  },
};

const children: Record<string, Behaviour> = {
  'a child that inherits everything': {
    does: `
      console.log(await ended(spawn('sh', ['-c', 'echo out $GREETING; echo err >&2; pwd; cat; exit 3'],
      { stdio: 'inherit' })));`,
    options: { input: 'to the child', env: { GREETING: 'hello' } },
  },
  'a child with pipes': {
    does: `
      const child = spawn('cat'); child.stdin.end('through'); console.log(await text(child.stdout),
      child.spawnfile);`,
  },
  'a child with some streams inherited': {
    does: `
      const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', 'pipe',
      'inherit'] }); console.log(await text(child.stdout), child.stderr, child.stdin);
      await ended(child);`,
  },
  'a child whose output goes to the other stream': {
    does: `
      await ended(spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', 2,
      process.stdout] }));`,
  },
  'exit when the child exits': {
    does: `
      spawn('sh', ['-c', 'head -c 100000 /dev/zero | tr "\\\\0" x; exit 24'],
      { stdio: 'inherit' }).on('exit', (code) => process.exit(code)); await never();`,
  },
  exec: {
    does: `
      const { stdout, stderr } = await promisify(exec)('pwd; echo $GREETING; echo err >&2');
      console.log([stdout, stderr]); const { stdout: out } = await promisify(execFile)('sh', ['-c',
      'echo $0']); console.log(out); console.log(await toldLater(promisify(exec)('exit 4')));`,
    options: { env: { GREETING: 'hello' } },
  },
  execSync: {
    does: `
      console.log(execSync('pwd; echo $GREETING', { encoding: 'utf8' })); console.log(execSync('echo x',
      { stdio: 'inherit' })); execSync('echo err >&2'); try { execSync('echo why >&2; exit 5',
      { stdio: 'pipe' }); } catch (error) { console.log(error.status, String(error.stderr)); }`,
    options: { env: { GREETING: 'hello' } },
  },
  execFileSync: {
    does: `
      console.log(execFileSync('sh', ['-c', 'pwd']).toString()); console.log(execFileSync('sh', ['-c',
      'echo to the caller; echo err >&2'], { stdio: 'inherit' })); console.log(execFileSync('cat',
      { input: 'given' }).toString()); try { execFileSync('sh', ['-c', 'echo said; exit 6'],
      { stdio: 'inherit' }); } catch (error) { console.log(error.status, error.message); }`,
  },
  spawnSync: {
    does: `
      const piped = spawnSync('sh', ['-c', 'pwd; exit 7']); console.log(piped.status,
      String(piped.stdout)); const inherited = spawnSync('sh', ['-c', 'echo out; echo err >&2'],
      { stdio: 'inherit' }); console.log(inherited.status, inherited.stdout, inherited.output);
      console.log(spawnSync('/no/such/program').error.code);`,
  },
  "a child's own directory": {
    does: `
      fs.mkdirSync('own'); for (const cwd of ['own', path.resolve('own'),
      undefined]) console.log(execSync('pwd', { cwd, encoding: 'utf8' }), await text(spawn('pwd',
      { cwd }).stdout)); writeFileSync('own/run', '#!/bin/sh\\npwd\\n', { mode: 0o755 });
      console.log(String(execFileSync('./run', { cwd: 'own' })), String(execFileSync('own/run')));`,
  },
  "a child's own environment": {
    does: `
      console.log(String(execFileSync('/usr/bin/env', { env: { A: '1' } })),
      String(execFileSync('/bin/sh', ['-c', 'echo $A'], { env: { ...process.env, A: '2' } })));`,
  },
  'a child that can not be started': {
    does: `
      const child = spawn('/no/such/program');
      console.log(await new Promise((resolve) => child.once('error', (error) => resolve(error.code))));
      console.log(child.pid);`,
  },
  'a child that is killed': {
    does: `const child = spawn('sleep', ['60']); child.kill(); console.log(await ended(child));`,
  },
  'a child that is Node': {
    does: `
      writeFileSync('child.cjs',
        "process.on('message', (it) => { console.log('child', it, process.cwd() === __dirname);" +
          "process.send('back'); process.disconnect(); });");
      const child = fork('child.cjs'); child.send('hello');
      console.log(await new Promise((resolve) => child.once('message', resolve)), await ended(child));`,
  },
  'a thread': {
    does: `
      const worker = new Worker("console.log('thread', process.env.GREETING);",
      { eval: true }); await new Promise((resolve) => worker.once('exit', resolve)); await delay(20);`,
    options: { env: { GREETING: 'hello' } },
  },
};

const signals: Record<string, Behaviour> = {
  'a signal to itself that is handled': {
    does: `
      process.once('SIGUSR2', (signal) => { console.log(signal); process.exit(25); });
      process.kill(process.pid, 'SIGUSR2'); await never();`,
  },
  'a signal 0 to itself': { does: `console.log(process.kill(process.pid, 0));` },
};

const terminals: Record<string, Behaviour> = {
  'a terminal': {
    does: `
      const out = process.stdout; console.log(out.isTTY, process.stderr.isTTY, tty.isatty(1),
      out.columns, out.rows, out.getWindowSize(), out.getColorDepth(), out.hasColors(256),
      typeof out.cursorTo); console.log({ coloured: 1 });`,
    options: {
      env: {
        TERM: 'xterm-256color',
        COLORTERM: undefined,
        NO_COLOR: undefined,
        TMUX: undefined,
        TERM_PROGRAM: undefined,
      },
    },
    shell: `script -qec "stty cols 101 rows 31; $*" /dev/null < /dev/null`,
  },
  'a terminal without colours': {
    does: `
      console.log(process.stdout.getColorDepth(), process.stdout.hasColors());
      console.log({ plain: 1 });`,
    options: { env: { TERM: 'dumb' } },
    shell: `script -qec "stty cols 101 rows 31; $*" /dev/null < /dev/null`,
  },
};

const descriptors: Record<string, Behaviour> = {
  'stdout that is closed': {
    does: `console.log('lost'); console.error('kept'); process.exitCode = 26;`,
    shell: '"$@" >&-',
  },
  'stdin that is closed': {
    does: `console.log(JSON.stringify(await text(process.stdin)));`,
    shell: '"$@" <&-',
  },
  'stderr that is closed': { does: `console.error('lost'); console.log('kept');`, shell: '"$@" 2>&-' },
  'a file as stdin and as stdout': {
    does: `console.log((await text(process.stdin)).length);`,
    shell: 'echo of a file > in.txt; "$@" < in.txt > out.txt; code=$?; cat out.txt; exit $code',
  },
};

const tools: Record<string, Behaviour> = {
  'colours are detected by the environment': {
    does: `
      const level = 'FORCE_COLOR' in process.env ? 1 : process.stdout.isTTY ? 2 : 0;
      console.log(level, process.stdout.hasColors?.(), inspect({ a: 'b' }, { colors: level > 0 }));`,
    options: { env: { FORCE_COLOR: '1' } },
  },
  'an exit code that is set late': {
    does: `process.on('exit', () => { process.exitCode = 23; }); await delay(1); process.exitCode = 4;`,
  },
  'beforeExit sets the exit code': {
    does: `process.once('beforeExit', () => { console.log('before'); process.exitCode = 24; });`,
  },
  'writes that wait for drain': {
    does: `
      for (let n = 0; n < 200; n++)
        if (!process.stdout.write('x'.repeat(10_000) + '\\n'))
          await new Promise((resolve) => process.stdout.once('drain', resolve));`,
  },
  'the end of stdout by its callback': {
    does: `await new Promise((resolve) => process.stdout.write('last\\n', resolve)); console.log('after');`,
  },
  'input by iteration': {
    does: `for await (const bytes of process.stdin) console.log(String(bytes).length);`,
    options: { input: 'abc' },
  },
  'input by the lines of readline/promises': {
    does: `
      const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
      for await (const line of lines) console.log('>' + line);`,
    options: { input: 'a\r\nb\nc' },
  },
  'a question that gets an answer': {
    does: `
      const lines = readline.createInterface({ input: process.stdin, output: process.stdout });
      await new Promise((resolve) => lines.question('name? ', (name) => { console.log('hi ' + name); resolve(); }));
      lines.close();`,
    options: { input: 'me\n' },
  },
  'modules by a relative path, loaded in the call': {
    does: `
      writeFileSync('part.cjs', 'module.exports = __filename.split("/").pop() + process.cwd().length');
      writeFileSync('part.mjs', 'export default import.meta.url.split("/").pop()');
      const require = createRequire(path.resolve('any.js'));
      console.log(require('./part.cjs') === 'part.cjs' + process.cwd().length, require.resolve('./part.cjs') in require.cache);
      const { pathToFileURL } = await import('node:url');
      console.log((await import(pathToFileURL(path.resolve('part.mjs')).href)).default);`,
  },
  'a JSON file by require': {
    does: `
      writeFileSync('data.json', '{"a":1}');
      console.log(createRequire(path.resolve('x.js'))('./data.json').a, JSON.parse(readFileSync('data.json')).a);`,
  },
  'times and versions': {
    does: `
      const [seconds] = process.hrtime(); const big = process.hrtime.bigint();
      console.log(seconds > 0, big > 0n, process.uptime() > 0, performance.now() > 0, process.version, process.platform);
      console.log(typeof process.argv0, Array.isArray(process.execArgv), path.basename(process.execPath));`,
  },
  'a file that is copied, moved, linked and removed': {
    does: `
      writeFileSync('a', '1'); fs.copyFileSync('a', 'b'); await promises.rename('b', 'c');
      await promises.symlink('c', 'd'); fs.linkSync('a', 'e'); fs.truncateSync('e', 0);
      console.log(fs.readdirSync('.').join(), fs.readlinkSync('d'), readFileSync('a', 'utf8') === '');
      await promises.rm('d'); fs.rmSync('e'); console.log((await promises.readdir('.')).join());`,
  },
  'a directory tree': {
    does: `
      fs.mkdirSync('a/b/c', { recursive: true }); await promises.writeFile('a/b/c/d', '');
      console.log(fs.readdirSync('a', { recursive: true }).sort().join());
      console.log(path.basename(fs.mkdtempSync('tmp-')).slice(0, 4), fs.realpathSync('.') === process.cwd());
      for await (const entry of await promises.opendir('a')) console.log(entry.name, entry.isDirectory());
      fs.cpSync('a', 'z', { recursive: true }); console.log(existsSync('z/b/c/d')); fs.rmSync('a', { recursive: true });`,
  },
  'an open file': {
    does: `
      const handle = await promises.open('f', 'w+'); await handle.write('text'); await handle.close();
      const descriptor = fs.openSync('f', 'r'); const bytes = Buffer.alloc(4); fs.readSync(descriptor, bytes);
      fs.closeSync(descriptor); console.log(String(bytes), fs.statSync('f').size, (fs.statSync('f').mode & 0o777).toString(8));`,
  },
  'children in another directory': {
    does: `
      fs.mkdirSync('sub');
      console.log(path.basename(execSync('pwd', { cwd: 'sub', encoding: 'utf8' }).trim()));
      console.log(path.basename(String(spawnSync('pwd', { cwd: './sub' }).stdout).trim()));
      console.log(path.basename((await promisify(execFile)('pwd', { cwd: 'sub' })).stdout.trim()));`,
  },
  'a program by a relative path': {
    does: `
      writeFileSync('tool', '#!/bin/sh\\necho tool $1 $GREETING'); fs.chmodSync('tool', 0o755);
      console.log(execFileSync('./tool', ['x'], { encoding: 'utf8' }).trim());
      console.log(spawnSync('./tool', ['y'], { env: { GREETING: 'given' }, encoding: 'utf8' }).stdout.trim());
      console.log(told(() => execFileSync('./none')).split('|')[0]);`,
    options: { env: { GREETING: 'of the caller' } },
  },
  'a forked module by a relative path': {
    does: `
      writeFileSync('child.cjs', 'process.send([process.cwd() === process.argv[2], process.env.GREETING]); process.disconnect()');
      const child = fork('child.cjs', [process.cwd()]);
      child.once('message', (message) => console.log(JSON.stringify(message))); console.log(await ended(child));`,
    options: { env: { GREETING: 'hello' } },
  },
  'a program found by a changed PATH': {
    does: `
      fs.mkdirSync('bin'); writeFileSync('bin/own-tool', '#!/bin/sh\\necho found'); fs.chmodSync('bin/own-tool', 0o755);
      process.env.PATH = path.resolve('bin') + ':' + process.env.PATH; console.log(execSync('own-tool', { encoding: 'utf8' }).trim());`,
  },
  'asynchronous errors that are caught': {
    does: `
      await promises.readFile('none').catch((error) => console.log(error.code));
      await new Promise((resolve) => fs.createReadStream('none').once('error', (error) => resolve(console.log(error.code))));
      await Promise.reject(new TypeError('t')).catch((error) => console.log(error.name, error.message));`,
  },
  'a deprecation and a warning': {
    does: `
      process.on('warning', ({ name, code, message }) => console.log(name, code, message));
      process.emitWarning('careful', { type: 'DeprecationWarning', code: 'X1' }); process.emitWarning('w'); await delay(5);`,
  },
  'console of its own': {
    does: `
      const { Console } = console; const own = new Console({ stdout: process.stdout, stderr: process.stderr });
      own.log('own'); own.error('error'); console.time('t'); console.log(typeof console.timeEnd); console.dir([1]);`,
  },
  'an abort signal and a timeout': {
    does: `
      const abort = new AbortController(); setTimeout(() => abort.abort(), 1);
      await delay(10_000, undefined, { signal: abort.signal }).catch(({ name }) => console.log(name));
      console.log(await Promise.race([delay(1).then(() => 'first'), never()])); process.exit(0);`,
  },
  'immediates, microtasks and timers in their order': {
    does: `
      await delay(1); const said = []; const note = (word) => () => said.push(word);
      process.nextTick(note('tick')); queueMicrotask(note('micro')); setImmediate(note('immediate'));
      await delay(20); console.log(said.join());`,
  },
  'a signal handler that is listed and removed': {
    does: `
      const handler = () => {}; process.on('SIGINT', handler); console.log(process.listenerCount('SIGINT'));
      process.off('SIGINT', handler); console.log(process.listenerCount('SIGINT'), process.listeners('SIGINT').length);`,
  },
  'a thread that exits with a code': {
    does: `
      const worker = new Worker('console.log("in"); process.exit(3)', { eval: true });
      console.log(await new Promise((resolve) => worker.once('exit', resolve)));`,
  },
  'spawn with detached, unref and a file as output': {
    does: `
      const out = fs.openSync('log', 'a'); const child = spawn('sh', ['-c', 'echo logged'], { stdio: ['ignore', out, out] });
      await ended(child); console.log(readFileSync('log', 'utf8').trim());`,
  },
  'identity of the user': {
    does: `console.log(process.getuid() === os.userInfo().uid, process.geteuid() === process.getuid(), os.hostname().length > 0);`,
  },
  'properties of process': {
    does: `
      console.log(Object.keys(process).includes('env'), 'cwd' in process, typeof process.on, String(process), process[Symbol.toStringTag]);
      console.log(typeof process.getBuiltinModule('fs').readFileSync, process.release.name, process.exitCode);`,
  },
};

const BEHAVIOURS = {
  ...streams,
  ...exits,
  ...errors,
  ...warnings,
  ...environment,
  ...directory,
  ...children,
  ...signals,
  ...terminals,
  ...descriptors,
  ...tools,
};

/** The remaining differences. docs/calls.md lists them. */
const DIFFERENT: Record<
  string,
  Behaviour & {
    readonly cold: Partial<Outcome>;
    readonly call: Partial<Outcome>;
    /** In a worker, if that differs from other calls. */
    readonly worker?: Partial<Outcome>;
  }
> = {
  'an uncaught error is printed in one line, without its stack': {
    does: `throw new Error('broken');`,
    cold: { code: 1, stdout: '', stderr: expect.stringMatching(/Error: broken\n {4}at /) },
    call: { code: 1, stdout: '', stderr: expect.stringMatching(/^behaviours-\w+: broken\n$/) },
  },
  'the same for an error of a timer': {
    does: `setTimeout(() => { throw new Error('late'); }); await never();`,
    cold: { code: 1, stderr: expect.stringMatching(/Error: late\n {4}at /) },
    call: { code: 1, stderr: expect.stringMatching(/^behaviours-\w+: late\n$/) },
  },
  'the same for an error of a promise': {
    does: `Promise.reject(new TypeError('left')); await never();`,
    cold: { code: 1, stderr: expect.stringMatching(/TypeError: left\n {4}at /) },
    call: { code: 1, stderr: expect.stringMatching(/^behaviours-\w+: left\n$/) },
  },
  'the same for an error of an event': {
    does: `
      setImmediate(() => new EventEmitter().emit('error', new Error('heard by nobody'))); await never();`,
    cold: { code: 1, stderr: expect.stringContaining('heard by nobody') },
    call: { code: 1, stderr: expect.stringMatching(/^behaviours-\w+: heard by nobody\n$/) },
  },
  'the same for an error of a microtask': {
    does: `queueMicrotask(() => { throw new Error('tiny'); }); await never();`,
    cold: { code: 1, stderr: expect.stringMatching(/Error: tiny\n {4}at /) },
    call: { code: 1, stderr: expect.stringMatching(/^behaviours-\w+: tiny\n$/) },
  },
  'a call ends with its function, even if that leaves something running': {
    does: `setTimeout(() => console.log('later'), 50);`,
    cold: { code: 0, stdout: 'later\n' },
    call: { code: 0, stdout: '' },
  },
  'a call that kills itself exits with the code of a shell for that signal': {
    does: `process.kill(process.pid, 'SIGTERM'); await never();`,
    cold: { code: null, signal: 'SIGTERM' },
    call: { code: 143, signal: null },
  },
  'the umask can not be set': {
    does: `console.log(told(() => process.umask(0o77) >= 0), process.umask() >= 0);`,
    cold: { stdout: 'true true\n' },
    worker: { stdout: 'true true\n' },
    call: { stdout: expect.stringMatching(/^ENOTSUP \| ENOTSUP: the umask is not the caller's .* true\n$/) },
  },
  'descriptor 0 can not be read synchronously': {
    does: `console.log(told(() => readFileSync(0, 'utf8')), told(() => readFileSync('/dev/stdin', 'utf8')));`,
    options: { input: 'some' },
    cold: { stdout: expect.stringContaining('some') },
    worker: { stdout: expect.stringMatching(/^some /) },
    call: { stdout: expect.stringMatching(/^ENOTSUP \| ENOTSUP: descriptor 0 is .*process.stdin.* ENOTSUP/) },
  },
  'a child that the call waits for synchronously has no input': {
    does: `
      console.log(spawnSync('cat', { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' }).stdout);`,
    options: { input: 'some' },
    cold: { stdout: 'some\n' },
    worker: { stdout: 'some\n' },
    call: { stdout: '\n' },
  },
};

/** Calls the function as a tool's own main module does. */
const COLD = `
import { pathToFileURL } from 'node:url';
const [node, , service, ...args] = process.argv;
process.argv = [node, service, ...args];
const { default: run } = await import(pathToFileURL(service));
const code = await run({ args });
if (code !== undefined) process.exitCode = code;
`;

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const WAYS = ['cold', 'daemon', 'inline', 'workers', ...(hasCargo ? ['native'] : [])] as const;
type Way = (typeof WAYS)[number];

class Stage {
  readonly #box: Sandbox = sandbox();
  readonly #service: string;
  readonly #cold: string;
  #runs = 0;

  constructor(behaviours: Readonly<Record<string, Behaviour>>) {
    const table = Object.entries(behaviours).map(
      ([name, { does }]) => `${JSON.stringify(name)}: async ({ args }) => { ${does} }`,
    );
    const source = [
      `${HEAD}\nconst table = {\n${table.join(',\n')}\n};`,
      'export default (context) => table[context.args[0]]?.(context);',
    ].join('\n');
    this.#service = this.#box.service(source, 'behaviours.mjs');
    this.#cold = path.join(this.#box.path, 'cold.mjs');
    writeFileSync(this.#cold, COLD);
  }

  /** Another caller's call first, which could leave something behind. */
  async begin(): Promise<void> {
    const env = { GREETING: 'of somebody else', LEFT_OVER: '1', TERM: 'other' };
    const ended = await this.#box.run(['call', '--daemon', this.#service, '--', 'nothing'], {
      cwd: '/',
      env,
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  }

  async run(way: Way, name: string, { options, shell }: Behaviour): Promise<Outcome> {
    this.#runs += 1;
    // The same length each time: the output contains the directory's name.
    const cwd = path.join(this.#box.path, `w${1000 + this.#runs}`);
    mkdirSync(cwd);
    const command = [...this.#command(way), name, 'second'];
    const [program = '', ...args] =
      shell === undefined ? command : ['sh', '-c', shell, 'sh', ...quoted(shell, command)];
    return outcomeOf(await this.#box.exec(program, args, { ...options, cwd }), cwd);
  }

  /** A separate daemon of the same name. */
  #withWorkers(): readonly string[] {
    return [`--state-dir=${path.join(this.#box.path, 'with-workers')}`, '--workers=2'];
  }

  #command(way: Way): readonly string[] {
    switch (way) {
      case 'native':
        return [CLIENT, 'call', this.#service, '--'];
      case 'daemon':
        return [process.execPath, SOLOD, 'call', '--daemon', this.#service, '--'];
      case 'workers':
        return [process.execPath, SOLOD, 'call', '--daemon', ...this.#withWorkers(), this.#service, '--'];
      case 'inline':
        return [process.execPath, SOLOD, 'call', '--no-daemon', this.#service, '--'];
      default:
        return [process.execPath, this.#cold, this.#service];
    }
  }
}

/** `script` takes one text, which another shell splits. */
const quoted = (shell: string, command: readonly string[]): readonly string[] =>
  shell.includes('$*') ? command.map((part) => `'${part}'`) : command;

function outcomeOf({ code, signal, stdout, stderr }: Ended, cwd: string): Outcome {
  const shown = (text: string): string =>
    text
      .replace(/\(node:\d+\)/g, '(node:<pid>)')
      .replaceAll(cwd, '<cwd>')
      .replaceAll(path.basename(cwd), '<name>');
  return { code, signal, stdout: shown(stdout.toString()), stderr: shown(stderr) };
}

beforeAll(() => buildClient());

describe('a call behaves as in its own process', () => {
  it.each(Object.keys(BEHAVIOURS).filter((name) => !(name in terminals) || has('script')))(
    '%s',
    async (name) => {
      const behaviour = BEHAVIOURS[name as keyof typeof BEHAVIOURS] as Behaviour;
      const stage = new Stage({ [name]: behaviour });
      await stage.begin();
      const outcomes = await Promise.all(WAYS.map((way) => stage.run(way, name, behaviour)));
      const [cold, ...others] = outcomes.map((outcome, at) => [WAYS[at], outcome] as const);
      for (const [way, outcome] of others) expect({ way, ...outcome }).toEqual({ way, ...cold?.[1] });
    },
  );

  it.each(['daemon', 'workers'] as const)('also when all behaviours run at once: %s', async (way) => {
    const calm = Object.entries<Behaviour>(BEHAVIOURS).filter(([name]) => !(name in terminals));
    const stage = new Stage(Object.fromEntries(calm));
    await stage.begin();
    for (let at = 0; at < calm.length; at += 8) {
      const some = calm.slice(at, at + 8);
      const colds = await Promise.all(some.map(([name, behaviour]) => stage.run('cold', name, behaviour)));
      const warm = await Promise.all(some.map(([name, behaviour]) => stage.run(way, name, behaviour)));
      for (const [n, [name]] of some.entries()) expect({ name, ...warm[n] }).toEqual({ name, ...colds[n] });
    }
  });
});

function expectedOf(way: Way, { cold, call, worker = call }: (typeof DIFFERENT)[string]): Partial<Outcome> {
  return way === 'cold' ? cold : way === 'workers' ? worker : call;
}

describe('a difference that remains', () => {
  it.each(Object.entries(DIFFERENT))('%s', async (name, behaviour) => {
    const stage = new Stage({ [name]: behaviour });
    await stage.begin();
    for (const way of WAYS)
      expect({ way, ...(await stage.run(way, name, behaviour)) }).toMatchObject({
        way,
        ...expectedOf(way, behaviour),
      });
  });
});
