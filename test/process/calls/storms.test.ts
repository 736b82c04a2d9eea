/**
 * A hundred processes at once on one name. `SOLOD_ROUNDS=20` repeats each storm twenty times
 * (`npm run storms`).
 */

import { describe, expect, it } from 'vitest';
import { ECHO, type Ended, eventually, type Sandbox, sandbox } from '../support/sandbox.js';

const CALLERS = 100;
const ROUNDS = Number(process.env.SOLOD_ROUNDS ?? 1);
const rounds = Array.from({ length: ROUNDS }, (_, n) => n + 1);

function expectRightAnswers(answers: readonly Ended[]): number[] {
  const wrong = answers.filter(({ code, stderr }) => code !== 0 || stderr !== '');
  expect(wrong.map(({ code, stderr }) => ({ code, stderr }))).toEqual([]);
  const said = answers.map(({ stdout }) => JSON.parse(stdout.toString()) as { args: string[]; pid: number });
  expect(said.map(({ args }) => args)).toEqual(answers.map((_, n) => [`call ${n}`]));
  return [...new Set(said.map(({ pid }) => pid))];
}

async function expectOneDaemon(box: Sandbox): Promise<number> {
  await eventually(
    'nothing but one daemon is left',
    () => box.daemons().length === 1 && box.leftovers().length === 0,
  );
  expect(box.generations()).toHaveLength(1);
  return box.daemons()[0] ?? 0;
}

describe.each(rounds)('round %i: a hundred at once, and one daemon', () => {
  it('calls on a cold name', async () => {
    const box = sandbox();
    const service = box.service();
    const answers = await box.all(CALLERS, (n) => ['call', service, '--', `call ${n}`]);
    expect(expectRightAnswers(answers)).toEqual([await expectOneDaemon(box)]);
    expect(box.spawns()).toEqual(['cold']);
    expect(box.generations()).toEqual([1]);
  });

  it('calls right after a SIGKILL of the daemon', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service, '--', 'call 0']);
    process.kill(await expectOneDaemon(box), 'SIGKILL');
    const answers = await box.all(CALLERS, (n) => ['call', service, '--', `call ${n}`]);
    expect(expectRightAnswers(answers)).toEqual([await expectOneDaemon(box)]);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    expect(box.generations()).toEqual([2]);
  });

  it('kicks', async () => {
    const box = sandbox();
    const service = box.service();
    const kicks = await box.all(CALLERS, () => ['kick', service]);
    expect(kicks.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
    await expectOneDaemon(box);
    expect(box.spawns()).toEqual(['cold']);
    expect(box.generations()).toEqual([1]);
  });

  it('kicks right after a SIGKILL of the daemon', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service, '--', 'call 0']);
    process.kill(await expectOneDaemon(box), 'SIGKILL');
    await box.all(CALLERS, () => ['kick', service]);
    await expectOneDaemon(box);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    expect(box.generations()).toEqual([2]);
  });

  it('serve commands: one stays, the others end with 0 and load no service', async () => {
    const box = sandbox();
    const service = box.service(`process.stderr.write('loaded\\n');${ECHO}`);
    const serving = Array.from({ length: CALLERS }, () => box.start(['serve', service]));
    const ended: (number | null)[] = [];
    let said = '';
    for (const process of serving) {
      process.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      process.once('exit', (code) => ended.push(code));
    }
    await eventually('all but one have ended', () => ended.length === CALLERS - 1);
    expect(ended.filter((code) => code !== 0)).toEqual([]);
    await expectOneDaemon(box);
    await eventually('the service is loaded', () => said.includes('loaded'));
    expect(said.match(/^loaded$/gm)).toHaveLength(1);
    expect(box.generations()).toEqual([1]);
  });
});
