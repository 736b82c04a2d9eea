/** What the tools export that is tested here: they are JavaScript. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export type Fate = 'right' | 'wrong' | 'silent' | 'failed' | 'hanging';

export interface Row {
  readonly scenario: string;
  readonly tool: string;
  readonly version: string;
  readonly clients: number;
  readonly rounds: number;
  readonly unprepared: readonly string[];
  readonly left: { readonly least: number; readonly most: number; readonly notOne: number };
  readonly started: { readonly least: number; readonly most: number };
  readonly fates: Readonly<Record<Fate, number>>;
  readonly medianMs: number | undefined;
  readonly said: readonly string[];
  readonly untyped: number;
}

export type Round =
  | { readonly kind: 'not-prepared'; readonly why: string }
  | {
      readonly kind: 'played';
      readonly left: number;
      readonly started: number;
      readonly tookMs: number;
      readonly fates: Readonly<Record<Fate, number>>;
      readonly said: readonly string[];
      readonly codes: readonly (number | null)[];
    };

interface Verdict {
  fateOf(
    ended: { code: number | null; stdout: string; wasEnded: boolean },
    expected: { code: number; stdout: string },
  ): Fate;
  countFates(fates: readonly Fate[]): Record<Fate, number>;
  rowOf(
    of: { scenario: string; tool: string; version: string; clients: number; mayFail: readonly number[] },
    all: readonly Round[],
  ): Row;
  violationsOf(row: Row): string[];
}

interface Table {
  wholeTable(results: object, scenarios: readonly { key: string; title: string; ours?: boolean }[]): string;
  shortTable(results: object): string;
}

interface Markdown {
  withTable(name: string, text: string, table: string): string;
}

interface Statistics {
  lowerMedian(values: readonly number[]): number | undefined;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly wasEnded: boolean;
}

export interface Gate {
  readonly pids: number[];
  readonly clients: readonly { readonly ended: Promise<Ended> }[];
  add(call: object): void;
  gathered(): Promise<void>;
  open(): void;
  close(): Promise<void>;
}

interface Processes {
  inhabitantsOf(directory: string): number[];
}

const load = (file: string) => import(pathToFileURL(path.join(ROOT, 'tools', file)).href);

export const { fateOf, countFates, rowOf, violationsOf }: Verdict = await load('rivals/verdict.mjs');
export const { lowerMedian: median }: Statistics = await load('support/statistics.mjs');
export const { wholeTable, shortTable }: Table = await load('rivals/table.mjs');
export const { withTable }: Markdown = await load('support/markdown.mjs');
export const { StartBarrier: Gate }: { StartBarrier: new (file: string) => Gate } =
  await load('rivals/start-barrier.mjs');
export const { inhabitantsOf }: Processes = await load('support/processes.mjs');
