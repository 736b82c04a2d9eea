// Keeps one processor busy: prime numbers below its argument, by trial division.

/** @type {import('../../support/product.mjs').ServiceFunction} */
export default ({ args, stdout }) => {
  let count = 0;
  for (let n = 2; n < Number(args[0]); n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  stdout.write(`${count}\n`);
};
