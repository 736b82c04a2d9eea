/**
 * Well-known servers that keep something of one session between its calls: each client gets a process of its
 * own.
 */

export interface StatefulServer {
  /** A package or program, as it stands in a command. */
  readonly name: string;
  readonly keeps: string;
}

/** docs/share.md has the same table; a test compares them. */
export const STATEFUL_SERVERS: readonly StatefulServer[] = [
  { name: '@playwright/mcp', keeps: 'an open browser and its pages' },
  { name: 'playwright-mcp', keeps: 'an open browser and its pages' },
  { name: 'mcp-server-playwright', keeps: 'an open browser and its pages' },
  { name: '@executeautomation/playwright-mcp-server', keeps: 'an open browser and its pages' },
  { name: 'chrome-devtools-mcp', keeps: 'an open browser and its pages' },
  { name: '@modelcontextprotocol/server-puppeteer', keeps: 'an open browser and its pages' },
  { name: '@browsermcp/mcp', keeps: 'the connection to one browser tab' },
  { name: '@browserbasehq/mcp', keeps: 'a browser session' },
  { name: 'browser-use', keeps: 'an open browser and its pages' },
  { name: '@wonderwhy-er/desktop-commander', keeps: 'running shells and searches' },
  { name: 'desktop-commander', keeps: 'running shells and searches' },
  { name: '@modelcontextprotocol/server-sequential-thinking', keeps: 'one history of thoughts' },
  { name: 'mcp-server-sequential-thinking', keeps: 'one history of thoughts' },
  { name: 'serena', keeps: 'one active project' },
  { name: 'serena-mcp-server', keeps: 'one active project' },
  { name: 'xcodebuildmcp', keeps: "a session's defaults" },
];

/** @param words the command: its program, and its arguments */
export function statefulServerIn(words: readonly string[]): StatefulServer | undefined {
  return STATEFUL_SERVERS.find(({ name }) => words.some((word) => names(word, name)));
}

/** As a package with or without a version, a program, or a path through one. */
function names(word: string, name: string): boolean {
  if (word === name || word.startsWith(`${name}@`)) return true;
  const at = `/${word}/`.lastIndexOf(`/${name}/`);
  if (at < 0) return false;
  // In a path a package's name is followed by its files, a program's by nothing; other directories of that
  // name mean nothing.
  return word.endsWith(`/${name}`) || word.includes(`/node_modules/${name}/`);
}
