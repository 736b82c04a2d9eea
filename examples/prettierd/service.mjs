// Formats standard input as a file of that name, with the Prettier of its project.
import { createRequire } from 'node:module';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { defineService } from 'solod';

/** The file, and the options: `--tab-width=8` is `tabWidth: 8`, `--no-semi` is `semi: false`. */
function readArguments(args) {
  const read = { ignorePath: '.prettierignore', task: 'format', options: {}, file: undefined };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--check' || word === '--format') read.task = word.slice(2);
    else if (word === '--ignore-path') read.ignorePath = rest.shift();
    else if (word.startsWith('-')) Object.assign(read.options, readOption(word));
    else if (read.file === undefined) read.file = word;
    else throw new Error('Only a single file path is supported');
  }
  if (read.ignorePath === undefined) throw new Error('--ignore-path option expects a file path');
  if (read.file === undefined) throw new Error('File name must be provided as an argument');
  return read;
}

function readOption(word) {
  const [, no, name, value = ''] = /^-*(no-)?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (value === '') return { [inCamelCase(name)]: no === undefined };
  return { [inCamelCase(`${no ?? ''}${name}`)]: readValue(value) };
}

const inCamelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

function readValue(written) {
  if (/^\d+$/.test(written)) return Number(written);
  return /^(?:true|false)$/.test(written) ? written === 'true' : written;
}

/** The Prettier that the project of a file has installed, or the one of this program. */
async function prettierFor(file, isLocalOnly) {
  const found = findPrettier(file) ?? (isLocalOnly ? undefined : findPrettier(import.meta.filename));
  return found && { path: found, prettier: (await import(pathToFileURL(found))).default };
}

function findPrettier(from) {
  try {
    return createRequire(from).resolve('prettier');
  } catch {
    return undefined;
  }
}

/** What files say; null if none says anything. */
async function configured(prettier, file, { config, editorconfig = true }, defaults) {
  if (config === false) return null;
  const found = await prettier.resolveConfig(file, { editorconfig, useCache: false });
  if (found !== null || !defaults) return found;
  return prettier.resolveConfig(path.dirname(defaults), { config: defaults, editorconfig, useCache: false });
}

function inOrder(files, { config, editorconfig, configPrecedence, ...line }) {
  if (configPrecedence === 'prefer-file' && files !== null) return files;
  return configPrecedence === 'file-override' ? { ...line, ...files } : { ...files, ...line };
}

async function format({ args, cwd, env, stdin, stderr }) {
  // Not `text()`, which drops a byte order mark.
  const before = (await buffer(stdin)).toString();
  if (before === '') {
    stderr.write('No files specified\n');
    return '';
  }
  const { file, task, ignorePath, options } = readArguments(args);
  const filepath = path.resolve(cwd, file);
  const found = await prettierFor(filepath, Boolean(env.PRETTIERD_LOCAL_PRETTIER_ONLY));
  if (found === undefined) return before;
  const { prettier } = found;
  const { ignored } = await prettier.getFileInfo(filepath, { ignorePath: path.resolve(cwd, ignorePath) });
  if (ignored) return before;
  const defaults = env.PRETTIERD_DEFAULT_CONFIG && path.resolve(cwd, env.PRETTIERD_DEFAULT_CONFIG);
  const files = await configured(prettier, filepath, options, defaults);
  const all = { ...inOrder(files, options), filepath };
  if (task === 'format') return prettier.format(before, all);
  if (await prettier.check(before, all)) return '';
  throw `Invalid formatting: ${filepath}`;
}

async function debugInfo({ args, cwd, env }) {
  const { file } = readArguments(args.filter((word) => word !== '--debug-info'));
  const found = await prettierFor(path.resolve(cwd, file), Boolean(env.PRETTIERD_LOCAL_PRETTIER_ONLY));
  const info = found && `prettier version: ${found.prettier.version}\n  Loaded from: ${found.path}\n\n`;
  return `prettierd on solod\n${info ?? ''}`;
}

export default defineService({
  name: 'prettierd',
  async run(context) {
    const { args, stdout } = context;
    try {
      stdout.write(await (args.includes('--debug-info') ? debugInfo(context) : format(context)));
      return 0;
    } catch (error) {
      // prettierd writes errors to standard output, and editors look for them there.
      stdout.write(`${error}\n`);
      return 1;
    }
  },
});
