/**
 * What `git status --porcelain=v2 --branch --ignored=matching -z` prints (git-status(1), "Porcelain Format
 * Version 2").
 */

export interface GitStatus {
  /** Undefined if HEAD is detached. */
  readonly branch: string | undefined;
  /** Undefined before the first commit. */
  readonly commit: string | undefined;
  readonly ahead: number;
  readonly behind: number;
  readonly staged: number;
  readonly changed: number;
  readonly untracked: number;
  readonly conflicts: number;
  /** Ignored directories, relative to the root, without a slash at the end. */
  readonly ignored: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** @returns undefined for anything else than git's output, which always names a commit and a head */
export function parseStatus(text: string): GitStatus | undefined {
  const headers = new Map<string, string>();
  const counts = { staged: 0, changed: 0, untracked: 0, conflicts: 0 };
  const ignored: string[] = [];
  const records = text.split('\0');
  for (let at = 0; at < records.length; at++) {
    const record = records[at] ?? '';
    if (record.startsWith('# ')) {
      const [, name = '', value = ''] = /^# (\S+) (.*)$/s.exec(record) ?? [];
      headers.set(name, value);
    } else if (record.startsWith('! ')) {
      if (record.endsWith('/')) ignored.push(record.slice(2, -1));
    } else {
      count(record, counts);
    }
    // A rename is followed by a record with the old path.
    if (record.startsWith('2 ')) at += 1;
  }
  const oid = headers.get('branch.oid');
  const head = headers.get('branch.head');
  if (oid === undefined || head === undefined) return undefined;
  const [, ahead = '0', behind = '0'] = /^\+(\d+) -(\d+)$/.exec(headers.get('branch.ab') ?? '') ?? [];
  return {
    branch: head === '(detached)' ? undefined : head,
    commit: oid === '(initial)' ? undefined : oid,
    ahead: Number(ahead),
    behind: Number(behind),
    ...counts,
    ignored,
  };
}

type Counts = Mutable<Pick<GitStatus, 'staged' | 'changed' | 'untracked' | 'conflicts'>>;

/** A path may be staged and changed again since. */
function count(record: string, counts: Counts): void {
  const [, type, index, tree] = /^([12u?]) (?:(.)(.) )?/s.exec(record) ?? [];
  if (type === '?') counts.untracked += 1;
  if (type === 'u') counts.conflicts += 1;
  if (type !== '1' && type !== '2') return;
  if (index !== '.') counts.staged += 1;
  if (tree !== '.') counts.changed += 1;
}
