// Prints its argument; without one, what it reads.
import { pipeline } from 'node:stream/promises';

/** @type {import('../../support/product.mjs').ServiceFunction} */
export default async ({ args, stdin, stdout }) => {
  const [text] = args;
  if (text === undefined) await pipeline(stdin, stdout);
  else stdout.write(text);
};
