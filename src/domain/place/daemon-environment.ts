/**
 * The environment that a daemon is started with: what a login has, and nothing of the caller that happens to
 * start it. The native client does the same; see docs/decisions/0015-environment-of-a-daemon.md.
 */

type Variables = Readonly<Record<string, string | undefined>>;

/** Which variables are passed on, and how. */
export const PASSED_ON = {
  plain: [
    ...['USER', 'LOGNAME', 'LANG', 'LANGUAGE'],
    ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
    ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_ENV_PROXY', 'NODE_USE_SYSTEM_CA'],
    // What makes a Node of an Electron: without it the caller's own program is started once more.
    'ELECTRON_RUN_AS_NODE',
    // What its starter shares: the daemon lives where its callers look (scope.ts).
    'SOLOD_SCOPE',
  ],
  /** Directories and programs of the user: a relative one is as good as none. */
  absolute: [
    ...['HOME', 'SHELL', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'],
    ...['XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME'],
  ],
  /** The same in a row, with colons between them. */
  searched: ['PATH', 'XDG_CONFIG_DIRS', 'XDG_DATA_DIRS'],
  /**
   * Files and directories that a relative path names from the caller's directory. A program that claims its
   * name lives where its callers look.
   */
  files: ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'SOLOD_DIR'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The locale's parts begin so: locale(7). */
export const LOCALE = 'LC_';
/**
 * The system's own: on Linux, with pam_tmpdir, and on macOS. Another one is a caller's, and may be gone with
 * it.
 */
const SYSTEM_TMPDIR =
  /^(?:\/tmp|\/var\/tmp|\/tmp\/user\/\d+|(?:\/private)?\/var\/folders\/[^/]+\/[^/]+\/T)\/?$/;

/**
 * @param env the caller's
 * @param named by the service: variables that are passed on too; one that ends in `*` stands for all that
 * begin so
 * @param directory the caller's, from which relative paths count
 */
export function daemonEnvironment(
  env: Variables,
  named: readonly string[],
  directory: string,
): Readonly<Record<string, string>> {
  const passed: [string, string][] = [];
  for (const [name, value] of Object.entries(env)) {
    const kept = value === undefined ? undefined : keptOf(name, value, named, directory);
    if (kept !== undefined) passed.push([name, kept]);
  }
  return Object.fromEntries(passed);
}

function keptOf(
  name: string,
  value: string,
  named: readonly string[],
  directory: string,
): string | undefined {
  const is = (names: readonly string[]): boolean => names.includes(name);
  if (is(PASSED_ON.files)) return absolute(value, directory);
  if (isNamed(name, named)) return name === 'NODE_OPTIONS' ? absolutePreloads(value, directory) : value;
  if (is(PASSED_ON.plain) || name.startsWith(LOCALE)) return value;
  if (is(PASSED_ON.absolute)) return value.startsWith('/') ? value : undefined;
  if (is(PASSED_ON.searched)) return absoluteParts(value);
  return name === 'TMPDIR' && SYSTEM_TMPDIR.test(value) ? value : undefined;
}

function isNamed(name: string, named: readonly string[]): boolean {
  return named.some((word) => (word.endsWith('*') ? name.startsWith(word.slice(0, -1)) : name === word));
}

/** On Windows a path is absolute by its drive. */
const FROM_A_ROOT = /^(?:\/|[A-Za-z]:[\\/])/;

function absolute(path: string, directory: string): string {
  return path === '' || FROM_A_ROOT.test(path) ? path : `${directory}/${path}`;
}

/** An empty part means the working directory, as a relative one means one in it. */
function absoluteParts(paths: string): string {
  const parts = paths.split(':');
  return parts.filter((part) => part.startsWith('/')).join(':');
}

export const PRELOADS: readonly string[] = [
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
];

/**
 * Modules that Node loads first, and that are named by a path that begins with a dot: packages are named
 * otherwise.
 * @param options as `NODE_OPTIONS` holds them
 */
export function absolutePreloads(options: string, directory: string): string {
  const made = (path: string): string =>
    path.replace(/^("?)(?=\.{1,2}\/)/, (quote) => `${quote}${directory}/`);
  let before = '';
  const words = options.split(' ').map((word) => {
    const at = word.indexOf('=') + 1;
    const isPreload = PRELOADS.includes(at > 0 ? word.slice(0, at - 1) : before);
    before = word === '' ? before : word;
    return isPreload ? word.slice(0, at) + made(word.slice(at)) : word;
  });
  return words.join(' ');
}

/** The same text for the same environment. */
export function environmentText(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  return lines.sort().join('');
}
