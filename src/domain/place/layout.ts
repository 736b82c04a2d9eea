/**
 * Where everything of one daemon name lies, and which names are allowed.
 *
 * | name | what it is |
 * |---|---|
 * | `7/sock`, `7/owner.json` | generation 7: the listening socket and who owns it |
 * | `7/alive` | on macOS: held exclusively by the process of that daemon as long as it lives |
 * | `current` | symlink to the current generation; clients connect to `current/sock` |
 * | `spawn.lock/<nonce>` | who is starting a daemon just now; no file in it, or no directory: nobody |
 * | `tmp.<nonce>`, `tmp.<nonce>.lock`, `tmp.<nonce>.link`, `tmp.<nonce>.launch` | private to the process that
 * made it |
 * | `trash.…` | on its way out; anybody may remove it |
 * | `listen.sock` | what a supervisor such as systemd listens on and hands over, where one was set up |
 * | `launch` | what starts a daemon of this name: the program and its arguments, a NUL after each; for
 * clients without Node |
 * | `log` | what daemons of this name wrote; `log.1`, `log.previous`: what it held before |
 * | `spawns.jsonl`, `spawns.jsonl.1` | every start, with its reason, and what became of it |
 * | `compile-cache` | compiled code for the next daemon: Node's cache of modules, and solod's own |
 * | `upstreams.jsonl` | the servers that a broker of `solod share` has started |
 *
 * In the state directory itself, beside the directories of names:
 *
 * | name | what it is |
 * |---|---|
 * | `.scope/of`, `.scope/machine` | the scope that the names belong to (`scope.ts`): the targets of links |
 * | `.at-<hash>` | the part of another scope, with a record and names of its own |
 * | `.scope-<hash>` | the record of a boot that is over |
 */

export type Platform = 'linux' | 'darwin' | 'win32';

export const NAMES = {
  current: 'current',
  socket: 'sock',
  owner: 'owner.json',
  lock: 'spawn.lock',
  log: 'log',
  logBefore: 'log.1',
  logPrevious: 'log.previous',
  spawns: 'spawns.jsonl',
  spawnsBefore: 'spawns.jsonl.1',
  handed: 'listen.sock',
  launch: 'launch',
  upstreams: 'upstreams.jsonl',
  compileCache: 'compile-cache',
} as const;

export const TMP = 'tmp.';
export const TRASH = 'trash.';

/**
 * In the state directory, beside the names: which scope it belongs to, and the parts of other scopes
 * (scope.ts).
 */
export const SCOPE_RECORD = '.scope';
export const PART = '.at-';

/** What a scope's record says: the target of a link. */
export const recordOf = (root: string): string => join(root, SCOPE_RECORD, 'of');

/** The record of a scope is a directory with two links, whose targets are the text. */
export const recordLayout = {
  directory: (root: string): string => join(root, SCOPE_RECORD),
  machine: (root: string): string => join(root, SCOPE_RECORD, 'machine'),
  private: (root: string, nonce: string): string => join(root, `${TMP}${nonce}.scope`),
  /** Where a record goes that is over: it keeps a second process from moving the next record away. */
  over: (root: string, text: string, modifiedMs: number): string =>
    join(root, `${SCOPE_RECORD}-${shortHash(`${text}@${modifiedMs}`)}`),
} as const;

/** What lies in a state directory, and is not a name. */
export const isScopeFile = (name: string): boolean =>
  name.startsWith(SCOPE_RECORD) || name.startsWith(PART) || /^tmp\..*\.scope$/.test(name);

/** The longest nonce that `tmp.<nonce>/sock` is made with; the paths are laid out for it. */
export const NONCE_LENGTH_MAX = 28;

export const join = (...parts: readonly string[]): string => parts.join('/');

/** Apart from the other paths: a warm call loads none of them. */
export const currentSocketOf = (directory: string): string => join(directory, NAMES.current, NAMES.socket);

export const layout = {
  current: (directory: string): string => join(directory, NAMES.current),
  currentSocket: currentSocketOf,
  currentOwner: (directory: string): string => join(directory, NAMES.current, NAMES.owner),
  generation: (directory: string, n: number): string => join(directory, generationName(n)),
  generationSocket: (directory: string, n: number): string =>
    join(directory, generationName(n), NAMES.socket),
  handedSocket: (directory: string): string => join(directory, NAMES.handed),
  lock: (directory: string): string => join(directory, NAMES.lock),
  lockRecord: (directory: string, nonce: string): string => join(directory, NAMES.lock, nonce),
  private: (directory: string, nonce: string): string => join(directory, TMP + nonce),
  launch: (directory: string): string => join(directory, NAMES.launch),
  privateLaunch: (directory: string, nonce: string): string => join(directory, `${TMP}${nonce}.launch`),
} as const;

/** Apart from the names that every client loads. */
const ALIVE = 'alive';

/** The file that the writer of an owner file holds. */
export const aliveBeside = (owner: string): string => join(owner.slice(0, owner.lastIndexOf('/')), ALIVE);

/** What a candidate and a daemon alone have to do with. */
export const claimLayout = {
  /** Each attempt of a candidate has a private directory of its own, and so a nonce. */
  nonce: (nonce: string, attempt: number): string => `${nonce}-${attempt}`,
  /** What `current` links to: the name of a generation in the same directory. */
  linkTarget: (generation: number): string => generationName(generation),
  generationOwner: (directory: string, n: number): string => join(directory, generationName(n), NAMES.owner),
  privateOwner: (directory: string, nonce: string): string => join(directory, TMP + nonce, NAMES.owner),
  privateAlive: (directory: string, nonce: string): string => join(directory, TMP + nonce, ALIVE),
  privateSocket: (directory: string, nonce: string): string => join(directory, TMP + nonce, NAMES.socket),
  privateLink: (directory: string, nonce: string): string => join(directory, `${TMP}${nonce}.link`),
  /** Where a candidate's own generation goes when it withdraws. */
  trash: (directory: string, nonce: string): string => join(directory, TRASH + nonce),
  /** Where a generation goes that is swept. */
  sweptGeneration: (directory: string, nonce: string, n: number): string =>
    join(directory, `${TRASH}${nonce}.${n}`),
  /** Where a directory goes that stands in the way of `current`. */
  displacedCurrent: (directory: string, nonce: string): string => join(directory, `${TRASH}${nonce}.current`),
} as const;

/** What a caller alone has to do with that takes the spawn lock. */
export const lockLayout = {
  private: (directory: string, nonce: string): string => join(directory, `${TMP}${nonce}.lock`),
  privateRecord: (directory: string, nonce: string): string => join(directory, `${TMP}${nonce}.lock`, nonce),
  /** Where a lock goes that no solod made. */
  evicted: (directory: string, nonce: string): string => join(directory, `${TRASH}${nonce}.lock`),
  evictedRecord: (directory: string, nonce: string, record: string): string =>
    join(directory, `${TRASH}${nonce}.lock`, record),
} as const;

/**
 * A nonce names one attempt of one process. It begins with the process id, so that what a killed process left
 * behind can be told from what a living one is still using.
 */
export function nonceOf(pid: number, random: string): string {
  return `${pid}-${random}`;
}

const NONCE = /^[0-9]{1,10}-[0-9a-z-]{1,20}$/;

export const isNonce = (text: string): boolean => NONCE.test(text);

/** The process that a private name belongs to; undefined where the name is not one of ours. */
export function makerOf(name: string): number | undefined {
  const match = /^tmp\.([0-9]{1,10})-[0-9a-z-]{1,20}(?:\.lock|\.link|\.launch)?$/.exec(name);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

export const isTrash = (name: string): boolean => name.startsWith(TRASH);

/** What one name in the directory of a daemon name stands for. */
export type NameVerdict =
  | { readonly kind: 'generation'; readonly generation: number }
  /** `maker` is the process that made it. */
  | { readonly kind: 'private'; readonly maker: number }
  | { readonly kind: 'trash' }
  | { readonly kind: 'other' };

export function judgeName(name: string): NameVerdict {
  if (isTrash(name)) return { kind: 'trash' };
  const maker = makerOf(name);
  if (maker !== undefined) return { kind: 'private', maker };
  const generation = generationOf(name);
  return generation === undefined ? { kind: 'other' } : { kind: 'generation', generation };
}

/** What a generation's directory is called, and, below, how the name is read. */
const generationName = (n: number): string => String(n);

const GENERATION = /^[1-9][0-9]{0,8}$/;

/** Counted one by one, no name gets that far: what bears a higher number is somebody's, but not solod's. */
export const GENERATION_MAX = 999_999_999;

/** The generation that a directory entry, or the target of `current`, names; undefined for anything else. */
export function generationOf(text: string): number | undefined {
  return GENERATION.test(text) ? Number(text) : undefined;
}

/** Counted from 1. */
export const generationAfter = (last: number | undefined): number => (last ?? 0) + 1;

/** The highest generation among directory entries; undefined if there is none. */
export function highestGeneration(names: readonly string[]): number | undefined {
  const generations = names.map(generationOf).filter((generation) => generation !== undefined);
  return generations.length === 0 ? undefined : Math.max(...generations);
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether it can be the name of a daemon: it stands in paths. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

/** A name, or a name and the hash of a project. */
export const isLabel = (name: string): boolean => isName(name.replace(/@[0-9a-z]{13}$/, ''));

/**
 * What can't stand in the name of a directory as it is. The file systems of macOS (APFS, HFS+) and Windows
 * (NTFS) ignore case, as they are formatted by default. Windows takes some names for devices, also before a
 * dot, and drops a dot at the end (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
 */
const UNFIT: Readonly<Partial<Record<Platform, RegExp>>> = {
  darwin: /[A-Z]/g,
  win32: /[A-Z]|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)).|\.$/g,
};

/** Whether Windows takes the name of a file, without dots and spaces at its end, for a device. */
export const isDevice = (name: string): boolean =>
  /^(?:con(?:in\$|out\$)?|prn|aux|nul|(?:com|lpt)[\d\xb9\xb2\xb3])(?: *\.|$)/i.test(name);

/** The same text for names of files that mean one file. */
export const foldedName = (name: string, platform: Platform): string =>
  UNFIT[platform] === undefined ? name : name.toLowerCase();

/**
 * What the directory of a name is called: the name, where the file system tells all names apart. Elsewhere
 * `+` and its two hexadecimal digits stand for a character that is not fit. Names have no `+`, so none meet.
 * @param label the name, or the name with its project
 */
export function directoryName(label: string, platform: Platform): string {
  const unfit = UNFIT[platform];
  if (unfit === undefined) return label;
  return label.replace(unfit, (character) => `+${character.charCodeAt(0).toString(16)}`);
}

/** The label whose directory is called so; undefined if it is none's. */
export function labelOfDirectory(name: string, platform: Platform): string | undefined {
  const label = name.replace(/\+([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return isLabel(label) && directoryName(label, platform) === name ? label : undefined;
}

/**
 * 64-bit FNV-1a over the UTF-8 bytes (draft-eastlake-fnv), as 13 characters of base 36. It keeps names apart
 * that meet by accident; it does not keep out somebody who looks for two that meet, and every directory that
 * it names belongs to one user alone.
 */
export function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of utf8(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(36).padStart(13, '0');
}

/** UTF-8 by hand: the domain knows no TextEncoder. */
export function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000)
      bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else
      bytes.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 63),
        0x80 | ((point >> 6) & 63),
        0x80 | (point & 63),
      );
  }
  return bytes;
}

/**
 * What `sun_path` holds, the terminating NUL included: 108 bytes on Linux (unix(7)), 104 on macOS (sys/un.h).
 * Node 20 and 22 cut a longer path off without a word, and two such paths then name one socket. On Windows a
 * socket's path names a file, and has no limit of its own.
 */
export const SUN_PATH_BYTES: Readonly<
  Record<'linux' | 'darwin', number> & Partial<Record<Platform, number>>
> = { linux: 108, darwin: 104 };

/** The longest name, after the directory, that a socket is bound or reached by. */
const LONGEST_TAIL = join('', TMP + 'n'.repeat(NONCE_LENGTH_MAX), NAMES.socket);

export function fitsSocketPath(directory: string, platform: Platform): boolean {
  return utf8(directory).length + LONGEST_TAIL.length + 1 <= (SUN_PATH_BYTES[platform] ?? Infinity);
}

export interface Place {
  /** The directory that holds the directories of all names, or of those with too long a path. */
  readonly root: string;
  /** The directory of this name. */
  readonly directory: string;
}

/** Holds the directories of names whose own path is too long. */
export interface ShortRoot {
  readonly root: string;
  /** Keeps callers of two scopes apart that share it. */
  readonly salt: string;
}

/**
 * The directory of a name. Where its socket's path would not fit, a short one takes its place, which is
 * checked like any other.
 * @param root the absolute directory of all names
 * @param label the name, or the name with its project
 * @param userId the caller's
 * @param short asked only if it is needed
 */
export function placeOf(
  root: string,
  label: string,
  userId: number,
  platform: Platform,
  short = (): ShortRoot => ({ root: `/tmp/solod-${userId}`, salt: '' }),
): Place {
  const directory = join(root, directoryName(label, platform));
  if (fitsSocketPath(directory, platform)) return { root, directory };
  const { root: shortRoot, salt } = short();
  return { root: shortRoot, directory: join(shortRoot, shortHash(directory + salt)) };
}

/** One daemon per name, or one per name and project. */
export function labelOf(name: string, projectRoot: string | undefined): string {
  return projectRoot === undefined ? name : `${name}@${shortHash(projectRoot)}`;
}
