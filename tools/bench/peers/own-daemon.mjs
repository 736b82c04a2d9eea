// A daemon with a protocol of its own: it sends back what comes.
import { claim } from '../../../dist/index.js';

const claimed = await claim({ name: 'bench-own' });
if (claimed.kind !== 'claimed') process.exit(0);
claimed.serve((socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
