/** What a finding says, and the words that several of them share. */

export type Severity =
  /** Something does not work, or is not safe. */
  | 'problem'
  /** It works; a person may want to know. */
  | 'note'
  | 'ok'
  /** It could not be found out. */
  | 'unknown';

export interface Told {
  readonly severity: Severity;
  readonly what: string;
  readonly where: string;
  /** Absent if nothing needs to be done. */
  readonly todo?: string;
}

/** For each kind of symptom what is told of it, from the fields that it has. */
export type Tellers = Readonly<Record<string, (symptom: never) => Told>>;

/** The symptoms of such a table: each of its kind, with the fields that its teller takes. */
export type SymptomsOf<T extends Tellers> = {
  [K in keyof T]: { readonly kind: K } & Readonly<Parameters<T[K]>[0]>;
}[keyof T];

export const ok = (where: string, what: string): Told => ({ severity: 'ok', what, where });
export const unknown = (where: string, what: string): Told => ({ severity: 'unknown', what, where });
export const note = (where: string, what: string, todo: string): Told => ({
  severity: 'note',
  what,
  where,
  todo,
});
export const problem = (where: string, what: string, todo: string): Told => ({
  severity: 'problem',
  what,
  where,
  todo,
});

export const ELSEWHERE = 'set SOLOD_DIR to a directory of your own on a local disk';

export const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
export const pidText = (pid: number | undefined): string => (pid === undefined ? '' : ` (pid ${pid})`);
