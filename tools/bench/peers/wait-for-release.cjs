// Preloaded by every client of a storm: reports in a file that the client is there, and blocks until all
// clients are released at once. Opening a fifo for reading blocks until another process opens it for writing.
const fs = require('node:fs');
const { BENCH_READY = '', BENCH_RELEASE } = process.env;
// The daemon that the client starts does not wait.
delete process.env.BENCH_RELEASE;
if (BENCH_RELEASE !== undefined) {
  fs.appendFileSync(BENCH_READY, '.');
  fs.closeSync(fs.openSync(BENCH_RELEASE, 'r'));
}
