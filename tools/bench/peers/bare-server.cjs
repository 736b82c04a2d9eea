// The smallest possible daemon: it listens.
require('node:net')
  .createServer((socket) => socket.end())
  .listen(process.argv[2]);
