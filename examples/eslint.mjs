// Linting as a service: ESLint, loaded once, with its configuration kept between calls.
//
//   solod call examples/eslint.mjs -- src/a.js src/b.js                           exit code 1 where there are errors
//   solod call examples/eslint.mjs -- --stdin-filename src/a.js < src/a.js
//   solod call examples/eslint.mjs -- --format json src
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ESLint } from 'eslint';
import { defineService } from 'solod';

const OPTIONS = {
  'stdin-filename': { type: 'string' },
  format: { type: 'string', default: 'stylish' },
};

/** For trees without a configuration of their own: what is wrong in every code base. */
const FALLBACK = {
  rules: {
    'no-undef': 'off',
    'no-unused-vars': 'error',
    'no-debugger': 'error',
    'no-dupe-keys': 'error',
    eqeqeq: 'error',
  },
};

const KEPT_MAX = 16;
/** @type {Map<string, { key: string, eslint: ESLint }>} by working directory, the one used last at the end */
const kept = new Map();

/** The linter of a directory; made anew when its configuration file has changed. */
async function linterFor(cwd) {
  const config = await new ESLint({ cwd }).findConfigFile();
  const key = config === undefined ? '' : `${config} ${(await stat(config)).mtimeMs}`;
  const before = kept.get(cwd);
  const eslint =
    before?.key === key
      ? before.eslint
      : new ESLint(
          config === undefined ? { cwd, overrideConfigFile: true, overrideConfig: FALLBACK } : { cwd },
        );
  kept.delete(cwd);
  kept.set(cwd, { key, eslint });
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
  return eslint;
}

export default defineService({
  async run({ args, cwd, stdin, stdout }) {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const eslint = await linterFor(cwd);
    const name = values['stdin-filename'];
    if (name === undefined && positionals.length === 0)
      throw new Error('name files, or give --stdin-filename <name> and the text on stdin');
    const results =
      name === undefined
        ? await eslint.lintFiles(positionals)
        : await eslint.lintText(await text(stdin), { filePath: path.resolve(cwd, name), warnIgnored: true });
    const formatter = await eslint.loadFormatter(values.format);
    stdout.write(await formatter.format(results));
    return results.some(({ errorCount }) => errorCount > 0) ? 1 : 0;
  },
});
