// Linting as a service: ESLint, loaded once, with its configuration kept between calls.
//
//   solod call examples/eslint.mjs -- src/a.js src/b.js                           exit code 1 where there are errors
//   solod call examples/eslint.mjs -- --stdin-filename src/a.js < src/a.js
//   solod call examples/eslint.mjs -- --format json src
//   solod call examples/eslint.mjs -- --fix src                                   writes what can be fixed
//   solod call examples/eslint.mjs -- --fix-to-stdout --stdin --stdin-filename src/a.js < src/a.js
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ESLint } from 'eslint';
import { defineService } from 'solod';

const OPTIONS = {
  // Editors give it beside the name; the name is enough.
  stdin: { type: 'boolean' },
  'stdin-filename': { type: 'string' },
  format: { type: 'string', short: 'f', default: 'stylish' },
  fix: { type: 'boolean', default: false },
  'fix-to-stdout': { type: 'boolean', default: false },
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
/** @type {Map<string, { key: string, eslint: ESLint }>} by what they are for, the one used last at the end */
const kept = new Map();

/** The linter of a directory, which fixes or does not; made anew when its configuration file has changed. */
async function linterFor(cwd, fix) {
  const config = await new ESLint({ cwd }).findConfigFile();
  const key = config === undefined ? '' : `${config} ${(await stat(config)).mtimeMs}`;
  const use = `${fix} ${cwd}`;
  const before = kept.get(use);
  const rules = config === undefined ? { overrideConfigFile: true, overrideConfig: FALLBACK } : {};
  const eslint = before?.key === key ? before.eslint : new ESLint({ cwd, fix, ...rules });
  kept.delete(use);
  kept.set(use, { key, eslint });
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
  return eslint;
}

export default defineService({
  async run({ args, cwd, stdin, stdout }) {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const name = values['stdin-filename'];
    if (name === undefined && positionals.length === 0)
      throw new Error('name files, or give --stdin-filename <name> and the text on stdin');
    const isFixed = values.fix || values['fix-to-stdout'];
    const eslint = await linterFor(cwd, isFixed);
    const before = name === undefined ? '' : await text(stdin);
    const results =
      name === undefined
        ? await eslint.lintFiles(positionals)
        : await eslint.lintText(before, { filePath: path.resolve(cwd, name), warnIgnored: true });
    if (values['fix-to-stdout']) {
      stdout.write(results[0]?.output ?? before);
      return 0;
    }
    if (isFixed && name === undefined) await ESLint.outputFixes(results);
    const formatter = await eslint.loadFormatter(values.format);
    stdout.write(await formatter.format(results));
    return results.some(({ errorCount }) => errorCount > 0) ? 1 : 0;
  },
});
