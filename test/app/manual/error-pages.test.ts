/** Each message has a code, each code a page, and no page is left over. */

import { describe, expect, it } from 'vitest';
import { SHARE_TROUBLE } from '../../../src/app/commands/share/share-text.js';
import { FAILURE_EXITS } from '../../../src/app/environment/exit-codes.js';
import { ERROR_GROUPS, ERROR_PAGES } from '../../../src/app/manual/error-pages.js';
import { ERROR_CODES, exitOf, explanation, findCode } from '../../../src/app/manual/explain.js';
import { consult } from '../../../src/app/manual/manual.js';
import { COMMAND_TROUBLE } from '../../../src/app/texts/command-text.js';
import { messageOf, textOf } from '../../../src/app/texts/complaint.js';
import { codeOf, failureMessage, warningCode } from '../../../src/app/texts/failure-text.js';
import { INSTALL_TROUBLE } from '../../../src/app/texts/install-text.js';
import { PROGRAM_TROUBLE } from '../../../src/app/texts/program-text.js';
import { TROUBLE } from '../../../src/app/texts/runtime-text.js';
import { LINE_TROUBLE } from '../../../src/app/texts/status-line-text.js';
import { USAGE } from '../../../src/app/texts/usage-text.js';
import { WORKER_TROUBLE } from '../../../src/app/texts/worker-text.js';
import { findingCode, KINDS } from '../../../src/domain/doctor/findings.js';
import { MCP_TROUBLE } from '../../../src/domain/share/messages/share-errors.js';
import { codeFor } from '../../../src/domain/text/error-code.js';

const codesOf = (prefix: string, table: object): string[] =>
  Object.keys(table).map((name) => codeFor(prefix + name));

describe('the codes', () => {
  it('are those of all messages, and each has one page', () => {
    const used = [
      ...Object.keys(FAILURE_EXITS).map((kind) => codeFor(kind)),
      ...['declined', 'notExecuted'].map(codeFor),
      ...[{ kind: 'lock-error', path: '', cause: { code: '', message: '' } } as const].map(warningCode),
      warningCode({ kind: 'overrode-lock', ageMs: 1 }),
      ...codesOf('', TROUBLE),
      ...codesOf('worker-', WORKER_TROUBLE),
      ...codesOf('program-', PROGRAM_TROUBLE),
      ...codesOf('command-', COMMAND_TROUBLE),
      ...codesOf('install-', INSTALL_TROUBLE),
      ...codesOf('share-', SHARE_TROUBLE),
      ...codesOf('usage-', USAGE),
      ...codesOf('line-', LINE_TROUBLE),
      ...codesOf('mcp-', MCP_TROUBLE),
      ...KINDS.map(findingCode),
    ];
    expect([...new Set(used)].sort()).toEqual([...ERROR_CODES].sort());
    const grouped = Object.values(ERROR_GROUPS).flatMap((pages) => Object.keys(pages));
    expect(grouped.sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each([
    ['timed-out', 'SOLOD_E_TIMED_OUT'],
    ['noService', 'SOLOD_E_NO_SERVICE'],
    ['usage-allAndOne', 'SOLOD_E_USAGE_ALL_AND_ONE'],
  ])('%s is %s', (name, code) => expect(codeFor(name)).toBe(code));

  it('stand at the end of what people see, and not in the sentence', () => {
    const complaint = USAGE.noService();
    expect(textOf(complaint)).not.toContain('SOLOD_E');
    expect(messageOf(complaint)).toBe(`${textOf(complaint)} [SOLOD_E_USAGE_NO_SERVICE]`);
    expect(failureMessage({ kind: 'no-home' })).toMatch(/ \[SOLOD_E_NO_HOME\]$/);
  });

  it('of a request that makes no sense is that of its message', () => {
    const { code } = USAGE.name('/');
    expect(codeOf({ kind: 'invalid-request', message: 'm', code })).toBe('SOLOD_E_USAGE_NAME');
    expect(codeOf({ kind: 'invalid-request', message: 'm' })).toBe('SOLOD_E_INVALID_REQUEST');
  });
});

describe('a page', () => {
  it.each(Object.entries(ERROR_PAGES))('%s says what happened, where, and what to do', (code, page) => {
    for (const text of [page.happened, page.where, page.todo])
      expect(text).toMatch(/^(?:[A-Z`$]|solod ).*\.$/s);
    const text = explanation(findCode(code) ?? expect.fail());
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(text).toMatch(/^SOLOD_E_[A-Z_]+\n\nWhat happened: .+\nWhere: +.+\nWhat to do: +/s);
  });

  it.each([
    'SOLOD_E_TIMED_OUT',
    '[SOLOD_E_TIMED_OUT]',
    'timed-out',
    'TIMED_OUT',
    'solod_e_timed_out',
    'E_TIMED_OUT',
    'e-timed-out',
    'SOLOD_TIMED_OUT',
    'solod: it failed; call again [SOLOD_E_TIMED_OUT]',
  ])('is found by %s', (written) => {
    const code = findCode(written);
    expect(code).toBe('SOLOD_E_TIMED_OUT');
    expect(code && exitOf(code)).toBe(75);
  });

  it.each(['', 'toString', 'SOLOD_E_', 'nope'])('is not found by "%s"', (written) => {
    expect(findCode(written)).toBe(undefined);
    expect(consult('explain', written, 'text')).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    ['SOLOD_E_TIMED', 'write SOLOD_E_TIMED_OUT'],
    ['crash', 'write SOLOD_E_CRASH_LOOP'],
    ['second daemon', 'write SOLOD_E_DOCTOR_SECOND_DAEMON'],
    ['usage', 'write SOLOD_E_USAGE_NO_SERVICE or SOLOD_E_USAGE_NO_DAEMON or'],
    ['SOLOD_E_TIMED_OTU', 'write SOLOD_E_TIMED_OUT'],
    ['crashlop', 'write SOLOD_E_CRASH_LOOP'],
    ['nothing of that kind', 'write one as it stands at the end of a message'],
    ['', 'write one as it stands at the end of a message'],
  ])('that does not exist: "%s" is told what is similar', (written, told) => {
    const answer = consult('explain', written, 'text');
    expect(answer.kind === 'unknown' && answer.complaint.todo).toContain(told);
  });

  it.each([
    ['enviroment', 'write environment'],
    ['env', 'write environment'],
    ['stauts', 'write status or stats'],
    ['share instal', 'write share install'],
    ['qwertz', 'write a command, or errors or'],
  ])('of help that does not exist: "%s" is told what is similar', (written, told) => {
    const answer = consult('help', written, 'text');
    expect(answer.kind === 'unknown' && answer.complaint.todo).toContain(told);
  });

  it('is JSON for programs', () => {
    const answer = consult('explain', 'lost', 'json');
    const facts = JSON.parse(answer.kind === 'text' ? answer.text : '');
    expect(facts).toEqual({ code: 'SOLOD_E_LOST', ...ERROR_PAGES.SOLOD_E_LOST, exit: 76 });
  });
});
