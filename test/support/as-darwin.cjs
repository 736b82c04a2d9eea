/**
 * A preload that makes a Linux machine answer as xnu does where solod looks. Each difference has its source.
 * The program that runs Node with this preload is named in SOLOD_TEST_DARWIN: started daemons run it, too.
 */
'use strict';

const fs = require('node:fs');

Object.defineProperty(process, 'platform', { value: 'darwin' });
if (process.env.SOLOD_TEST_DARWIN) process.execPath = process.env.SOLOD_TEST_DARWIN;

const real = { ...fs };

function systemError(code, errno, syscall, path) {
  const message = `${code}: as on macOS, ${syscall} '${path ?? ''}'`;
  return Object.assign(new Error(message), { code, errno, syscall, path });
}

/** What this machine's own /proc says: readFileSync would go by the openSync of below. */
function readProc(path) {
  const descriptor = real.openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(65_536);
    let text = '';
    for (let size = 1; size > 0; text += chunk.latin1Slice(0, size))
      size = real.readSync(descriptor, chunk, 0, chunk.length, null);
    return text;
  } finally {
    real.closeSync(descriptor);
  }
}

// There is neither /proc nor /sys: both are file systems of Linux.
for (const name of ['readFileSync', 'readlinkSync', 'readdirSync', 'openSync', 'statSync', 'lstatSync']) {
  fs[name] = (path, ...rest) => {
    if (/^\/(?:proc|sys)\//.test(String(path)))
      throw systemError('ENOENT', -2, name.replace('Sync', ''), path);
    return name === 'openSync' ? openAsDarwin(path, ...rest) : real[name](path, ...rest);
  };
}
fs.existsSync = (path) => !/^\/(?:proc|sys)\//.test(String(path)) && real.existsSync(path);

// unlink(2) of macOS: EPERM for a directory, as POSIX has it.
fs.unlinkSync = (path) => {
  try {
    return real.unlinkSync(path);
  } catch (error) {
    throw error.code === 'EISDIR' ? systemError('EPERM', -1, 'unlink', path) : error;
  }
};

// chmod(2) of macOS: EFTYPE for the sticky bit on anything but a directory, without privileges.
fs.chmodSync = (path, mode) => {
  if (mode & 0o1000 && !real.lstatSync(path).isDirectory()) throw systemError('EFTYPE', -79, 'chmod', path);
  return real.chmodSync(path, mode);
};

// launchd(8) takes up orphans at once: no zombie is seen for long.
const kill = process.kill.bind(process);
process.kill = (pid, signal) => {
  if (signal === 0 && isZombie(pid)) throw systemError('ESRCH', -3, 'kill');
  return kill(pid, signal);
};

function isZombie(pid) {
  try {
    return /\) [ZX] /.test(readProc(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

// xnu bsd/kern/uipc_socket2.c (sonewconn): a listener whose backlog is full refuses.
const { Pipe, constants: PIPE } = process.binding('pipe_wrap');
const EAGAIN = -11;
const ECONNREFUSED = -111;
const { connect } = Pipe.prototype;
Pipe.prototype.connect = function (request, ...rest) {
  const { oncomplete } = request;
  request.oncomplete = function (status, ...more) {
    return oncomplete.call(this, status === EAGAIN ? ECONNREFUSED : status, ...more);
  };
  return connect.call(this, request, ...rest);
};

// xnu bsd/sys/fcntl.h, open(2) of macOS: locks by flags, which end with the process, however it ends. Here
// the kernel arbitrates by the name of an abstract socket (unix(7)), which ends with its process as well.
const O_EXLOCK = 0x20;
const locks = new Map();

function openAsDarwin(path, flags, ...rest) {
  if (typeof flags !== 'number' || (flags & O_EXLOCK) === 0) return real.openSync(path, flags, ...rest);
  const descriptor = real.openSync(path, flags & ~O_EXLOCK, ...rest);
  if (lock(descriptor)) return descriptor;
  real.closeSync(descriptor);
  throw systemError('EAGAIN', -35, 'open', path);
}

function nameOf(descriptor) {
  const { dev, ino } = real.fstatSync(descriptor);
  return `solod-test-lock-${dev}-${ino}`;
}

function lock(descriptor) {
  const pipe = new Pipe(PIPE.SERVER);
  if (pipe.bind(`\0${nameOf(descriptor)}`) !== 0) {
    pipe.close();
    return false;
  }
  locks.set(descriptor, pipe);
  return true;
}

fs.closeSync = (descriptor) => {
  locks.get(descriptor)?.close();
  locks.delete(descriptor);
  return real.closeSync(descriptor);
};

require('node:module').syncBuiltinESMExports();
