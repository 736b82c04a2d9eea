/** The results of sharing as a table, and what is wrong with them. */
import { figuresTable } from '../../support/markdown.mjs';
import { LOADED } from './share-rivals.mjs';

/**
 * @typedef {import('./share-rivals.mjs').ShareResults} ShareResults
 * @typedef {import('./share-rivals.mjs').ShareRow} ShareRow
 * @typedef {import('./share-rivals.mjs').Kills} Kills
 */

const HEAD = [
  '',
  'servers',
  'right',
  'wrong, failed or silent',
  'server killed: silent, sessions that go on',
  'bridge killed: silent, sessions that go on',
  'idle: processes',
  'RSS, MiB',
  'PSS, MiB',
  'a call, ms',
  'next session ready, ms',
];

/** @param {Kills | undefined} kills */
const fate = (kills) => (kills === undefined ? '–' : `${kills.silent}, ${kills.goOn} of ${LOADED}`);

/** @param {ShareRow} row */
function cells({ name, version, answers, serverKilled, bridgeKilled, idle, callMs, readyMs }) {
  const { servers, right, wrong, failed, silent } = answers;
  return [
    version === '' ? name : `${name} ${version}`,
    `${servers}`,
    `${right}`,
    `${wrong}, ${failed}, ${silent}`,
    fate(serverKilled),
    fate(bridgeKilled),
    `${idle.processes}`,
    idle.rssMib.toFixed(0),
    idle.pssMib.toFixed(0),
    callMs.toFixed(2),
    readyMs.toFixed(0),
  ];
}

/** @param {ShareResults} results */
export function shareTable({ sessions, callsEach, rows }) {
  const head = `${sessions} sessions, ${callsEach} calls each at once; idle: ${sessions} sessions of server-everything.`;
  return [head, figuresTable(HEAD, rows.map(cells)), ...rows.flatMap(inTurnText)].join('\n\n');
}

/** @param {ShareRow} row */
function inTurnText({ name, inTurn }) {
  if (inTurn === undefined) return [];
  const { kills, right, failed, wrong, silent, goOn } = inTurn;
  return [
    `${name}: ${kills} kills of server and broker in turn, ${LOADED} sessions under load: ${right} calls right, ${failed} failed, ${wrong} wrong, ${silent} without an end, ${goOn} sessions go on.`,
  ];
}

/** @param {ShareResults} results @returns {string[]} what must not be */
export function shareViolations({ sessions, callsEach, rows }) {
  const control = rows.find(({ name }) => name === 'naive sharing');
  const isBlunt = control !== undefined && control.answers.right === sessions * callsEach;
  const wrong = rows.filter(({ isOurs }) => isOurs).flatMap((row) => wrongIn(row, sessions * callsEach));
  return isBlunt ? [...wrong, 'the calls found nothing: "naive sharing" answered all of them'] : wrong;
}

/** @param {ShareRow} row @param {number} calls */
function wrongIn({ name, answers, serverKilled, bridgeKilled, inTurn }, calls) {
  const found = [];
  if (answers.right !== calls) found.push(`${answers.right} of ${calls} calls were answered right`);
  if (answers.servers !== 1) found.push(`${answers.servers} servers`);
  for (const kills of [serverKilled, bridgeKilled, inTurn]) {
    if (kills === undefined) continue;
    if (kills.wrong + kills.silent > 0)
      found.push(`${kills.wrong} calls wrong and ${kills.silent} silent when killed`);
    if (kills.goOn !== LOADED) found.push(`${kills.goOn} of ${LOADED} sessions went on`);
  }
  return found.map((what) => `${name}: ${what}`);
}
