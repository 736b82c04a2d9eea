/**
 * Makes a state directory this scope's, or makes its part of it, before something is started there. Each
 * step can fail: then the directory stays what it was, and preparing it says why.
 */

import { files, part, type Sync } from '../procedure/procedure.js';
import { distrustOf } from './distrust.js';
import { isScopeFile, PART, recordLayout, recordOf, SCOPE_RECORD, TMP } from './layout.js';
import { GONE_MS, partOf, type Standing } from './scope.js';

export interface TakePlan {
  /** The state directory, its names this scope's or not. */
  readonly asked: string;
  readonly standing: Standing;
  /** What `scopeText` says. */
  readonly scope: string;
  readonly machine: string;
  readonly userId: number;
  readonly nonce: string;
}

/** What a killed process left of a record that it was making. */
const ABANDONED_MS = 24 * 3_600_000;

/** A record that nobody else knows yet. */
export interface MadeRecord {
  readonly kind: 'made';
  /** The record, or the part with a record in it. */
  readonly directory: string;
  /** Where it goes. */
  readonly to: string;
}

/** @returns `left` if there is nothing to take, or it can't be taken */
export function* makeRecord(plan: TakePlan): Sync<MadeRecord | { readonly kind: 'left' }> {
  const { asked, standing, scope, nonce } = plan;
  if (standing === 'own' || standing === 'part') return { kind: 'left' };
  if (standing === 'free') yield* files('makeDirectories', asked);
  // Nothing is made in another user's directory. Preparing it says why it is refused.
  const seen = yield* files('inspect', asked);
  if (seen.kind !== 'entry' || distrustOf(seen.entry, plan.userId) !== undefined) return { kind: 'left' };
  if (standing === 'over') yield* moveAway(asked);
  const isPart = standing === 'new-part';
  const directory = recordLayout.private(asked, nonce);
  const record = isPart ? recordLayout.directory(directory) : directory;
  if ((yield* files('makeDirectory', directory)).kind !== 'done') return { kind: 'left' };
  if (isPart) yield* files('makeDirectory', record);
  yield* files('makeLink', scope, `${record}/of`);
  yield* files('makeLink', plan.machine, `${record}/machine`);
  return { kind: 'made', directory, to: isPart ? partOf(asked, scope) : recordLayout.directory(asked) };
}

/** Exclusive: another process, of this scope or of another one, may have been faster. */
export function* publishRecord({ directory, to }: MadeRecord): Sync<'published' | 'left'> {
  const renamed = yield* files('rename', directory, to);
  if (renamed.kind === 'done') return 'published';
  yield* files('removeTree', directory);
  return 'left';
}

function* moveAway(root: string): Sync<void> {
  const seen = yield* files('inspect', recordLayout.directory(root));
  const of = yield* files('readLink', recordOf(root));
  if (seen.kind !== 'entry' || of.kind !== 'target') return;
  const over = recordLayout.over(root, of.target, seen.entry.modifiedMs);
  // Refused if a second process has done so: then the record that is there now is its own.
  const moved = yield* files('rename', recordLayout.directory(root), over);
  if (moved.kind !== 'done') return;
  const listed = yield* files('list', root);
  const names = listed.kind === 'names' ? listed.names : [];
  for (const name of names)
    if (name.startsWith(`${SCOPE_RECORD}-`) && `${root}/${name}` !== over)
      yield* files('removeTree', `${root}/${name}`);
}

/** A change in a directory is a change of its time. */
export const touchRecord = part(function* touchRecord(root: string, nonce: string): Sync<void> {
  const mark = `${recordLayout.directory(root)}/${TMP}${nonce}`;
  if ((yield* files('makeDirectory', mark)).kind === 'done') yield* files('removeDirectory', mark);
});

/**
 * Removes parts of scopes that have not been seen for `GONE_MS`. Nothing else proves that a machine or a
 * container is gone. The clock is that of the file system, by the latest record: this machine's may be
 * wrong.
 */
export const collectParts = part(function* collectParts(root: string): Sync<readonly string[]> {
  const listed = yield* files('list', root);
  const names = listed.kind === 'names' ? listed.names.filter(isScopeFile) : [];
  const aged: { path: string; atMs: number; goneMs: number }[] = [];
  for (const name of names) {
    const path = `${root}/${name}`;
    const seen = yield* files('inspect', name.startsWith(PART) ? recordLayout.directory(path) : path);
    if (seen.kind !== 'entry') continue;
    const goneMs = name.startsWith(PART) ? GONE_MS : name.startsWith(TMP) ? ABANDONED_MS : Infinity;
    aged.push({ path, atMs: seen.entry.modifiedMs, goneMs });
  }
  const nowMs = Math.max(...aged.map(({ atMs }) => atMs));
  const gone = aged.filter(({ atMs, goneMs }) => nowMs - atMs > goneMs).map(({ path }) => path);
  for (const path of gone) yield* files('removeTree', path);
  return gone;
});
