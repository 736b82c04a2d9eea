// `--require`d by every client of a storm: says in a file that it is there, and waits until all are let go at once. Opening a FIFO to
// read it lasts until somebody opens it to write.
const fs = require('node:fs');
const { BENCH_READY, BENCH_GATE } = process.env;
// What the client starts is not held.
delete process.env.BENCH_GATE;
if (BENCH_GATE !== undefined) {
  fs.appendFileSync(BENCH_READY, '.');
  fs.closeSync(fs.openSync(BENCH_GATE, 'r'));
}
