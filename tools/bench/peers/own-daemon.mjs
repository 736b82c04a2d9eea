// A daemon with a protocol of its own: it sends back what it gets.
import { loadLibrary } from '../../support/product.mjs';

const { claim } = await loadLibrary();
const claimed = await claim({ name: 'bench-own' });
if (claimed.kind !== 'claimed') process.exit(0);
claimed.serve((socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
