/**
 * A host's settings as text: the servers in it are put behind `solod share`, and taken out again. Only the
 * command's own bytes change, and what was put in tells how to take it out: no record is kept.
 */

import jsonc, { type Node } from 'jsonc-parser';

/** What goes before a server's command: the program, and its arguments before `--`. */
export interface ShareCommand {
  readonly program: string;
  readonly args: readonly string[];
}

export type SettingsFormat = 'json' | 'toml';

export interface SettingsEdit {
  readonly text: string;
  /** The servers that were changed. */
  readonly servers: readonly string[];
}

export type SettingsEditing =
  | ({ readonly kind: 'edited' } & SettingsEdit)
  | { readonly kind: 'unreadable'; readonly line: number };

export const formatOf = (path: string): SettingsFormat => (path.endsWith('.toml') ? 'toml' : 'json');

/** A stdio server, where its parts stand. Strings are as they were written, quotation marks and all. */
interface ServerEntry {
  readonly name: string;
  readonly command: TextSpan;
  /** Its items; undefined where it has no arguments. `from` is behind the opening bracket. */
  readonly args:
    | { readonly from: number; readonly items: readonly TextSpan[]; readonly to: number }
    | undefined;
}

interface TextSpan {
  readonly from: number;
  readonly to: number;
}

interface TextEdit extends TextSpan {
  readonly by: string;
}

const END_OF_OPTIONS = '--';
const SHARE = 'share';

export function putShareIn(text: string, format: SettingsFormat, own: ShareCommand): SettingsEditing {
  return edit(text, format, (entry) =>
    isShared(text, entry) ? undefined : sharing(text, format, entry, own),
  );
}

export function takeShareOut(text: string, format: SettingsFormat): SettingsEditing {
  return edit(text, format, (entry) => (isShared(text, entry) ? unsharing(text, format, entry) : undefined));
}

function edit(
  text: string,
  format: SettingsFormat,
  editsFor: (entry: ServerEntry) => readonly TextEdit[] | undefined,
): SettingsEditing {
  const entries = format === 'json' ? entriesInJson(text) : entriesInToml(text);
  if (typeof entries === 'number') return { kind: 'unreadable', line: entries };
  const servers: string[] = [];
  const edits: TextEdit[] = [];
  for (const entry of entries) {
    const own = editsFor(entry);
    if (own === undefined) continue;
    servers.push(entry.name);
    edits.push(...own);
  }
  return { kind: 'edited', servers, text: applyEdits(text, edits) };
}

function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let edited = text;
  for (const { from, to, by } of [...edits].sort((one, other) => other.from - one.from))
    edited = edited.slice(0, from) + by + edited.slice(to);
  return edited;
}

const sliceOf = (text: string, { from, to }: TextSpan): string => text.slice(from, to);

/** Its first arguments are ours, up to the dashes, with the former command behind them. */
function isShared(text: string, { args }: ServerEntry): boolean {
  const words = args?.items.map((item) => wordOf(sliceOf(text, item))) ?? [];
  const dashes = words.indexOf(END_OF_OPTIONS);
  return dashes > 0 && dashes + 1 < words.length && words.slice(0, dashes).includes(SHARE);
}

/** What a quoted word says; TOML's literal strings have other marks. */
function wordOf(token: string): string {
  return token.startsWith("'") ? token.slice(1, -1) : String(jsonc.parse(token));
}

function sharing(text: string, format: SettingsFormat, { command, args }: ServerEntry, own: ShareCommand) {
  const before = [...own.args, SHARE, END_OF_OPTIONS].map((word) => JSON.stringify(word));
  const words = [...before, sliceOf(text, command)].join(', ');
  const program = { ...command, by: JSON.stringify(own.program) };
  if (args === undefined) return [{ ...program, by: program.by + newArgs(format, words) }];
  const comma = /[\r\n]/.test(text[args.from] ?? '') ? ',' : ', ';
  return [program, { from: args.from, to: args.from, by: args.items.length === 0 ? words : words + comma }];
}

/** Written as nobody writes it by hand, so that it is known to have been put in whole. */
const newArgs = (format: SettingsFormat, words: string): string =>
  format === 'json' ? `,"args":[ ${words} ]` : `\nargs = [  ${words}  ]`;

function unsharing(
  text: string,
  format: SettingsFormat,
  { command, args }: ServerEntry,
): readonly TextEdit[] | undefined {
  if (args === undefined) return undefined;
  const dashes = args.items.findIndex((item) => wordOf(sliceOf(text, item)) === END_OF_OPTIONS);
  const [former, next] = [args.items[dashes + 1], args.items[dashes + 2]];
  if (former === undefined) return undefined;
  const program = { ...command, by: sliceOf(text, former) };
  const words = text.slice(args.items[0]?.from, former.to);
  const whole = newArgs(format, words);
  if (text.startsWith(whole, command.to))
    return [{ from: command.from, to: command.to + whole.length, by: program.by }];
  // As it was put in; somebody may have laid it out anew since.
  const comma = /,(?: |(?=[\r\n]))/y;
  comma.lastIndex = former.to;
  const to = next === undefined ? former.to : comma.test(text) ? comma.lastIndex : next.from;
  return [program, { from: args.items[0]?.from ?? args.from, to, by: '' }];
}

// --- JSON, with or without comments ---

/** The keys under which hosts keep servers: Claude Code, Cursor and many others; VS Code. */
const SERVER_KEYS = ['mcpServers', 'servers', 'mcp.servers'];

/** @returns the line of the first mistake, where there is one */
function entriesInJson(text: string): readonly ServerEntry[] | number {
  const errors: jsonc.ParseError[] = [];
  const root = jsonc.parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (root === undefined || first !== undefined) return lineAt(text, first?.offset ?? 0);
  return entriesBelow(root);
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** Also below the keys of projects, as Claude Code's own file has them. */
function entriesBelow(node: Node): readonly ServerEntry[] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap(({ children: [key, value] = [] }) => {
    if (key === undefined || value === undefined) return [];
    const isList = SERVER_KEYS.includes(String(key.value)) && value.type === 'object';
    return isList ? (value.children ?? []).flatMap(entryFrom) : entriesBelow(value);
  });
}

function entryFrom({ children: [key, value] = [] }: Node): readonly ServerEntry[] {
  const command = value && jsonc.findNodeAtLocation(value, ['command']);
  if (key === undefined || value === undefined || command?.type !== 'string') return [];
  const args = jsonc.findNodeAtLocation(value, ['args']);
  if (args !== undefined && args.type !== 'array') return [];
  return [
    {
      name: String(key.value),
      command: spanOf(command),
      args: args && {
        from: args.offset + 1,
        to: args.offset + args.length - 1,
        items: (args.children ?? []).map(spanOf),
      },
    },
  ];
}

const spanOf = ({ offset, length }: Node): TextSpan => ({ from: offset, to: offset + length });

// --- TOML, as Codex writes it ---

const TABLE =
  /^[ \t]*\[[ \t]*(?:"mcp_servers"|mcp_servers)[ \t]*\.[ \t]*("(?:[^"\\\n]|\\.)*"|[A-Za-z0-9_-]+)[ \t]*\][ \t]*(?:#.*)?$/;
const STRING = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;

/** Only what stands plainly in a table of its own is found; other ways to write the same stay as they are. */
function entriesInToml(text: string): readonly ServerEntry[] {
  const entries: ServerEntry[] = [];
  let offset = 0;
  let name: string | undefined;
  let found: { command?: TextSpan; args?: NonNullable<ServerEntry['args']> } = {};
  const close = (): void => {
    if (name !== undefined && found.command !== undefined)
      entries.push({ name, command: found.command, args: found.args });
    found = {};
  };
  for (const line of text.split('\n')) {
    if (/^[ \t]*\[/.test(line)) {
      close();
      const table = TABLE.exec(line.replace(/\r$/, ''))?.[1];
      name = table === undefined ? undefined : wordOf(table.startsWith('"') ? table : `"${table}"`);
    }
    const key = name === undefined ? null : /^[ \t]*(command|args)[ \t]*=[ \t]*/.exec(line);
    const at = offset + (key?.[0].length ?? 0);
    if (key?.[1] === 'command') {
      const command = stringAt(text, at);
      if (command !== undefined) found = { ...found, command };
    }
    if (key?.[1] === 'args') {
      const args = listAt(text, at);
      // One that can't be read is none that may be changed.
      if (args === undefined) name = undefined;
      else found = { ...found, args };
    }
    offset += line.length + 1;
  }
  close();
  return entries;
}

function stringAt(text: string, from: number): TextSpan | undefined {
  // Of several lines: it begins with three marks.
  if (/^(?:"""|''')/.test(text.slice(from, from + 3))) return undefined;
  STRING.lastIndex = from;
  const found = STRING.exec(text);
  return found === null ? undefined : { from, to: from + found[0].length };
}

function listAt(text: string, from: number): ServerEntry['args'] {
  if (text[from] !== '[') return undefined;
  const items: TextSpan[] = [];
  let position = from + 1;
  for (;;) {
    position = skipBlanks(text, position);
    if (text[position] === ']') return { from: from + 1, to: position, items };
    const item = stringAt(text, position);
    if (item === undefined) return undefined;
    items.push(item);
    position = skipBlanks(text, item.to);
    if (text[position] === ',') position += 1;
    else if (text[position] !== ']') return undefined;
  }
}

function skipBlanks(text: string, from: number): number {
  const blanks = /(?:\s|#[^\n]*)*/y;
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
}
