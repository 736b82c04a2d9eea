// Formatting as a service: Prettier, loaded once.
//
//   solod call examples/prettier.mjs -- --stdin-filepath src/a.ts < src/a.ts     prints the formatted text
//   solod call examples/prettier.mjs -- --check src/a.ts src/b.ts                names what is not formatted; exit code 1
//   solod call examples/prettier.mjs -- --write src/a.ts                         formats in place
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { defineService } from 'solod';

const OPTIONS = {
  'stdin-filepath': { type: 'string' },
  check: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
};

/** What Prettier would do with a file of that name, as its configuration files and .prettierignore say. */
async function optionsFor(file, cwd) {
  const { ignored, inferredParser } = await prettier.getFileInfo(file, {
    ignorePath: path.join(cwd, '.prettierignore'),
    resolveConfig: true,
  });
  if (ignored) return undefined;
  if (inferredParser === null) throw new Error(`no parser is known for ${file}`);
  // The daemon outlives edits of the configuration, so it is read anew each time.
  const config = await prettier.resolveConfig(file, { useCache: false, editorconfig: true });
  return { ...config, filepath: file };
}

async function formatFile(file, { cwd, stdout, stderr }, mode) {
  const absolute = path.resolve(cwd, file);
  const options = await optionsFor(absolute, cwd);
  if (options === undefined) return 0;
  const before = await readFile(absolute, 'utf8');
  const after = await prettier.format(before, options);
  if (mode === 'print') stdout.write(after);
  if (before === after) return 0;
  if (mode === 'write') await writeFile(absolute, after);
  if (mode === 'check') stderr.write(`${file} is not formatted\n`);
  return mode === 'check' ? 1 : 0;
}

async function formatStdin(name, { cwd, stdin, stdout }) {
  // Not `text()`, which drops a byte order mark.
  const before = (await buffer(stdin)).toString();
  const options = await optionsFor(path.resolve(cwd, name), cwd);
  stdout.write(options === undefined ? before : await prettier.format(before, options));
  return 0;
}

export default defineService({
  async run(context) {
    const { values, positionals } = parseArgs({
      args: [...context.args],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values['stdin-filepath'] !== undefined) return formatStdin(values['stdin-filepath'], context);
    if (positionals.length === 0)
      throw new Error('name files, or give --stdin-filepath <name> and the text on stdin');
    const mode = values.check ? 'check' : values.write ? 'write' : 'print';
    let code = 0;
    for (const file of positionals) {
      if (context.signal.aborted) break;
      code = Math.max(code, await formatFile(file, context, mode));
    }
    return code;
  },
});
