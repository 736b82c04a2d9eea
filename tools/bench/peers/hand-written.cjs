// A client as somebody would write it by hand: one call over the Nailgun wire, to a socket whose path is
// known. It starts no daemon, checks nothing, and only joins the pieces that arrive.
const socket = require('node:net').connect(process.argv[2] ?? '');
/** @param {string} type @param {string} text */
const chunk = (type, text) => {
  const bytes = Buffer.from(`\0\0\0\0${type}${text}`);
  bytes.writeUInt32BE(bytes.length - 5);
  return bytes;
};
const variables = Object.entries(process.env).map(([name, value]) => chunk('E', `${name}=${value}`));
const args = process.argv.slice(3).map((arg) => chunk('A', arg));
socket.write(Buffer.concat([...args, ...variables, chunk('D', process.cwd()), chunk('C', 'x')]));
let rest = Buffer.alloc(0);
socket.on('data', (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE()) {
    const [type, body] = [rest[4], rest.subarray(5, 5 + rest.readUInt32BE())];
    rest = rest.subarray(5 + body.length);
    if (type === 0x31) process.stdout.write(body);
    if (type === 0x58) process.exit(Number(body.toString()));
  }
});
