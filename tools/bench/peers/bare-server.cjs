// The smallest daemon there can be: it listens.
require('node:net')
  .createServer((socket) => socket.end())
  .listen(process.argv[2]);
