import { build } from 'esbuild';

/**
 * Loads modules of TypeScript as they are in the sources, not as they were built.
 * @param {string} root of a checkout
 * @param {readonly string[]} files
 * @returns {Promise<Map<string, any>>} by file
 */
export async function load(root, files) {
  const { outputFiles } = await build({
    stdin: {
      contents: files.map((file, index) => `export * as m${index} from './${file}';`).join('\n'),
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const text = outputFiles[0]?.text ?? '';
  const loaded = await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
  return new Map(files.map((file, index) => [file, loaded[`m${index}`]]));
}
