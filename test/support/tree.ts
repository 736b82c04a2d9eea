/** Everything below a directory, to compare with its state later. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/**
 * @param isWanted what else is there may come and go meanwhile
 * @returns type, mode and content of each entry, by its path from the root
 */
export function treeOf(
  root: string,
  isWanted: (name: string) => boolean = () => true,
): Record<string, string> {
  const names = (readdirSync(root, { recursive: true }) as string[]).filter(isWanted);
  return Object.fromEntries(names.sort().map((name) => [name, describe(path.join(root, name))]));
}

function describe(file: string): string {
  const stats = lstatSync(file);
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(file)}`;
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `directory ${mode}`;
  return stats.isFile() ? `file ${mode} ${readFileSync(file).toString('base64')}` : `other ${mode}`;
}
