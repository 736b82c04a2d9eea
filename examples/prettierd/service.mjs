// Formats standard input as a file of that name, with the Prettier of its project.
import { createRequire } from 'node:module';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { defineService } from 'solod';

/** The file, and the options of Prettier: `--tab-width=8` is `tabWidth: 8`, `--no-semi` is `semi: false`. */
function readArguments(args) {
  const options = {};
  let file;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, no, name, value] = /^--(no-)?([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
    if (name === undefined) file ??= word;
    else if (name === 'stdin-filepath') file = value ?? rest.shift();
    else options[inCamelCase(name)] = no === undefined ? readValue(value) : false;
  }
  return { file, options };
}

const inCamelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

function readValue(written = 'true') {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}

/** The Prettier that the project of a file has installed, or the one of this program. */
async function prettierFor(file, isLocalOnly) {
  try {
    const local = createRequire(file).resolve('prettier');
    return (await import(pathToFileURL(local))).default;
  } catch {
    return isLocalOnly ? undefined : (await import('prettier')).default;
  }
}

async function optionsFor(prettier, file, defaults) {
  const found = await prettier.resolveConfig(file, { useCache: false, editorconfig: true });
  if (found !== null || defaults === undefined) return found;
  return prettier.resolveConfig(file, { config: defaults, useCache: false });
}

export default defineService({
  name: 'prettierd',
  async run({ args, cwd, env, stdin, stdout }) {
    const { file, options } = readArguments(args);
    if (file === undefined) throw new Error('name the file that the text belongs to');
    const filepath = path.resolve(cwd, file);
    const before = await text(stdin);
    const prettier = await prettierFor(filepath, env.PRETTIERD_LOCAL_PRETTIER_ONLY !== undefined);
    const info = await prettier?.getFileInfo(filepath, { ignorePath: path.join(cwd, '.prettierignore') });
    if (info === undefined || info.ignored) {
      stdout.write(before);
      return 0;
    }
    const configured = await optionsFor(prettier, filepath, env.PRETTIERD_DEFAULT_CONFIG);
    stdout.write(await prettier.format(before, { ...configured, ...options, filepath }));
    return 0;
  },
});
