/**
 * Situations in which a place is derived, and what is chosen in each: one table for memory, Node and the
 * native client.
 */

import { type CallerReading, type Derivation, derivePlace } from '../../../src/domain/place/derive-place.js';
import { placeOf, shortHash } from '../../../src/domain/place/layout.js';
import { scopeText } from '../../../src/domain/place/scope.js';
import { shortRootOf } from '../../../src/domain/place/short-root.js';
import type { Look } from '../../../src/domain/place/trusted-path.js';
import table from './places.json' with { type: 'json' };

/** What is there beside the directories that every machine has. */
export interface Item {
  readonly owner: number;
  /** A directory's, in octal digits. */
  readonly mode?: string;
  /** Where a link leads. */
  readonly link?: string;
}

export interface ScopeRecord {
  readonly of: string;
  readonly machine: string;
  readonly touchedMs: number;
}

export interface Situation {
  readonly name: string;
  /** Whose directory is told. */
  readonly label: string;
  readonly userId: number;
  readonly env: Readonly<Record<string, string>>;
  readonly userHome?: string;
  readonly directory: string;
  readonly boot: string;
  readonly ids: string;
  readonly machine: { readonly machine: string; readonly bootedMs: number; readonly wallMs: number };
  readonly items: ReadonlyMap<string, Item>;
  readonly records: ReadonlyMap<string, ScopeRecord>;
  readonly then: object;
}

/** What every machine has. */
const USUAL: Readonly<Record<string, Item>> = {
  '/': { owner: 0, mode: '0755' },
  '/run': { owner: 0, mode: '0755' },
  '/run/user': { owner: 0, mode: '0755' },
  '/home': { owner: 0, mode: '0755' },
  '/home/u': { owner: 1000, mode: '0700' },
  '/tmp': { owner: 0, mode: '1777' },
};

const CALLER = {
  label: 'name',
  userId: 1000,
  directory: '/',
  boot: 'b1',
  ids: '1.2.3.4.5.6',
  machine: { machine: 'm1', bootedMs: 100_000, wallMs: 200_000 },
};

/** Stands for the hash of the caller's scope. */
const OF_SCOPE = '{S}';

interface Row {
  readonly name: string;
  readonly label?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entries?: Readonly<Record<string, Item>>;
  readonly records?: Readonly<Record<string, ScopeRecord>>;
  readonly then: object;
}

function situationOf(row: Row): Situation {
  const filled = JSON.parse(JSON.stringify(row).replaceAll(OF_SCOPE, shortHash(scopeText(CALLER)))) as Row;
  const { entries = {}, records = {}, ...more } = filled;
  const items = new Map<string, Item>();
  const put = (at: string, item: Item): void => {
    const parent = at.slice(0, at.lastIndexOf('/')) || '/';
    const below = at.startsWith('/home/u/') ? 1000 : 0;
    if (at !== '/' && !items.has(parent)) put(parent, { owner: below, mode: '0755' });
    items.set(at, item);
  };
  for (const [at, item] of Object.entries({ ...USUAL, ...entries })) put(at, item);
  for (const root of Object.keys(records)) if (!items.has(root)) put(root, { owner: 1000, mode: '0700' });
  return { ...CALLER, ...more, items, records: new Map(Object.entries(records)) };
}

export const SITUATIONS: readonly Situation[] = (table as unknown as readonly Row[]).map(situationOf);

/** What is derived, in the words of the table. `directory` is that of the label. */
export function tellPlace(situation: Situation, look: Look): object {
  const { env, userHome, machine } = situation;
  const ids = env.SOLOD_SCOPE || situation.ids;
  const caller: CallerReading = {
    ...situation,
    home: () => userHome,
    scope: () => scopeText({ boot: situation.boot, ids }),
    machine: () => machine,
  };
  return toldOf(derivePlace(caller, look), situation.label, caller, look);
}

function toldOf(derived: Derivation, label: string, caller: CallerReading, look: Look): object {
  const ignored = 'ignored' in derived ? derived.ignored.map(({ base, why }) => `${base}: ${why.kind}`) : [];
  switch (derived.kind) {
    case 'place': {
      const { kind, base, asked, root, standing } = derived;
      const short = () => shortRootOf(derived, caller, look, 'linux');
      const { directory } = placeOf(root, label, caller.userId, 'linux', short);
      return { kind, base, asked, root, standing, directory, ignored };
    }
    case 'distrusted':
      return { kind: derived.kind, path: derived.path, why: derived.why, ignored };
    case 'no-home':
    case 'no-directory':
    case 'scope-invalid':
      return { kind: derived.kind, ignored };
  }
}

/** The table names the directory only where it is a short one. */
export function expected({ then, label, ids, env }: Situation): object {
  if (!('root' in then)) return then;
  const { root, directory = `${String(root)}/${label}` } = then as { root: string; directory?: string };
  const hash = shortHash(`${root}/${label}.${env.SOLOD_SCOPE ?? ids}`);
  return { ...then, directory: directory.replace('{hash}', hash) };
}

/** Makes what a situation has, above before below. */
export function stage(
  { items, records }: Situation,
  make: (at: string, item: { owner: number; mode: number; link?: string | undefined }) => void,
  touch: (at: string, atMs: number) => void,
): void {
  for (const [at, { owner, mode = '0777', link }] of items)
    make(at, { owner, mode: Number.parseInt(mode, 8), link });
  for (const [root, { of, machine, touchedMs }] of records) {
    make(`${root}/.scope`, { owner: 1000, mode: 0o700 });
    make(`${root}/.scope/of`, { owner: 1000, mode: 0o777, link: of });
    make(`${root}/.scope/machine`, { owner: 1000, mode: 0o777, link: machine });
    touch(`${root}/.scope`, touchedMs);
  }
}
