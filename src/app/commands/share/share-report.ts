/** What `solod share ls` and `--explain` say. */

import { differences, type KeyDifference } from '../../../domain/share/key/sharing-key.js';
import { groupResidentBytes } from '../../platforms/node-platform.js';
import type { ShareFacts } from '../../share/broker.js';
import { type SharePlan, shownKey } from '../../share/plan-share.js';

interface Listed extends ShareFacts {
  /** Of its processes; undefined where it can't be seen. */
  readonly residentBytes: number | undefined;
  /** What as many processes as there are clients would take beyond that. */
  readonly savedBytes: number | undefined;
}

export function listed(facts: ShareFacts): Listed {
  const sizes = facts.processes.map(({ pid }) => groupResidentBytes(pid));
  const known = sizes.filter((bytes) => bytes !== undefined);
  const residentBytes = known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
  const others = Math.max(0, facts.clients - 1);
  return {
    ...facts,
    residentBytes,
    savedBytes: residentBytes === undefined ? undefined : residentBytes * others,
  };
}

export function listText(list: readonly Listed[]): string {
  if (list.length === 0) return 'nothing is shared\n';
  return list.map(lineFor).join('');
}

function lineFor({ key, sharing, clients, inFlight, processes, residentBytes, savedBytes }: Listed): string {
  const pids = processes.map(({ pid, era }) => `pid ${pid}${era === 'stateless' ? ' (2026-07-28)' : ''}`);
  const facts = [
    pids.length === 0 ? 'no process' : pids.join(', '),
    counted(clients, 'client'),
    `${inFlight} in flight`,
    ...(residentBytes === undefined ? [] : [mebibytes(residentBytes)]),
    ...(savedBytes === undefined || savedBytes === 0 ? [] : [`${mebibytes(savedBytes)} saved`]),
    ...(sharing === 'per-client' ? ['per client'] : []),
  ];
  return `${[key.executable, ...key.args].join(' ')}: ${facts.join(', ')}\n`;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

export interface Explanation {
  readonly key: ReturnType<typeof shownKey>;
  readonly sharing: 'shared' | 'per-client';
  readonly why: string;
  /** Those of the same program: the one that it would join has no differences. */
  readonly others: readonly {
    readonly pids: readonly number[];
    readonly differences: readonly KeyDifference[];
  }[];
}

export function explain(plan: SharePlan, running: readonly ShareFacts[]): Explanation {
  const key = shownKey(plan.key);
  return {
    key,
    sharing: plan.sharing,
    why: whyOf(plan),
    others: running
      .filter((other) => other.sharing === 'shared' && other.key.executable === key.executable)
      .map((other) => ({
        pids: other.processes.map(({ pid }) => pid),
        differences: differences(key, other.key),
      })),
  };
}

function whyOf({ sharing, stateful }: SharePlan): string {
  if (stateful !== undefined)
    return `${stateful.name} keeps ${stateful.keeps}; --shared shares it all the same`;
  return sharing === 'shared' ? 'nothing speaks against it' : '--per-client asks for it';
}

export function explanationText({ key, sharing, why, others }: Explanation): string {
  const names = key.variables.map((variable) => variable.slice(0, variable.indexOf('=')));
  const lines = [
    `program    ${key.executable}`,
    `arguments  ${key.args.join(' ') || 'none'}`,
    `directory  ${key.directory || 'any'}`,
    `variables  ${names.join(' ') || 'none'}`,
    `terms      ${key.terms}`,
    `${sharing === 'shared' ? 'shared' : 'a process per client'}: ${why}`,
    ...(sharing === 'shared' ? others.map(otherText) : []),
  ];
  const joins = sharing === 'shared' && others.some(({ differences: found }) => found.length === 0);
  return `${[...lines, joins ? '' : 'it would start a process'].filter(Boolean).join('\n')}\n`;
}

function otherText({ pids, differences: found }: Explanation['others'][number]): string {
  const who = pids.length === 0 ? 'a command whose server does not run' : `pid ${pids.join(', ')}`;
  if (found.length === 0) return `it would join ${who}`;
  return `it would not join ${who}, which differs: ${found.map(differenceText).join('; ')}`;
}

function differenceText({ part, what }: KeyDifference): string {
  return part === 'variable' ? `the variable ${what}` : `${part}: ${what || 'none'}`;
}
