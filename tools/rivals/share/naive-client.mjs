// A session with the naive bridge: stdin to its socket, its socket to stdout.
import net from 'node:net';

const socket = net.connect(process.argv[2] ?? '');
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', () => process.exit(1)).on('close', () => process.exit(0));
