import { text } from 'node:stream/consumers';
import { defineService, type ServiceContext } from 'solod';

const COUNTS: Readonly<Record<string, (text: string) => number>> = {
  '--words': (text) => text.split(/\s+/).filter(Boolean).length,
  '--letters': (text) => text.replace(/\s/g, '').length,
};

export default defineService({
  name: 'count',
  async run({ args: [option = '--words'], stdin, stdout }: ServiceContext) {
    const count = COUNTS[option];
    if (count === undefined) {
      stdout.write(`count: ${option} is not an option\n`);
      return 2;
    }
    stdout.write(`${count(await text(stdin))}\n`);
    return 0;
  },
});
