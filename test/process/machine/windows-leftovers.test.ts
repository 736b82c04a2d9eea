/** Windows, as Wine has it: whatever lies about of killed daemons, other programs and later versions. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/sandbox.js';
import { BOOT_MS, hasWine, LEFT_OUT, Wine, type WineBox } from '../support/wine.js';

type Leave = (file: string) => void;

function anew(file: string, text: string | Buffer): void {
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, text);
}

const HUGE_BYTES = 64 * 1024 * 1024;
/** As a version of solod may write it that does not exist yet. */
const LATER = '{"format":9,"pid":"many","pipe":"later","key":[1,2,3]}\n';

/** What may lie where a daemon keeps a file of its own. */
const KINDS: Readonly<Record<string, Leave>> = {
  missing: (file) => rmSync(file, { force: true }),
  empty: (file) => anew(file, ''),
  garbage: (file) => anew(file, Buffer.from([0xff, 0xfe, 0, 1, 2, 0x0a, 0x80, 0xc3])),
  'half of it': (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  'with more behind it': (file) => writeFileSync(file, 'and more\n', { flag: 'a' }),
  huge: (file) => {
    anew(file, 'x');
    truncateSync(file, HUGE_BYTES);
  },
  'of a later version': (file) => anew(file, LATER),
  'read-only': (file) => chmodSync(file, 0o400),
  'a directory': (file) => {
    rmSync(file, { force: true });
    mkdirSync(path.join(file, 'deep', 'down'), { recursive: true });
    writeFileSync(path.join(file, 'deep', 'of another'), '');
  },
};

const OTHER = `export default () => console.log('the other one');`;

const CURRENT = ['current/alive', 'current/sock', 'current/owner.json'];
const BESIDE = ['spawns.jsonl', 'log', 'spawn.lock'];

describe.skipIf(!hasWine)(`leftovers on Windows${LEFT_OUT}`, () => {
  let wine: Wine;
  beforeAll(() => {
    wine = new Wine();
    wine.boot();
  }, BOOT_MS);
  afterAll(() => wine.end());

  async function called(box: WineBox, service: string): Promise<number> {
    const ended = await box.run(['call', service, '--timeout', '60s', '--', 'a word']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { args, pid } = JSON.parse(ended.stdout);
    expect(args).toEqual(['a word']);
    return pid;
  }

  /**
   * A daemon was killed, and this lies about: the next call starts one daemon, and the one after finds it.
   */
  async function expectOneAfter(box: WineBox, service: string, leave: () => void): Promise<void> {
    box.kill();
    await eventually('it is gone', () => box.daemons().length === 0);
    leave();
    const pid = await called(box, service);
    expect(await called(box, service)).toBe(pid);
    expect(box.daemons()).toHaveLength(1);
  }

  it.each(CURRENT)('%s', async (name) => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    for (const [kind, leave] of Object.entries(KINDS)) {
      const file = path.join(box.place(), name);
      await expectOneAfter(box, service, () => leave(file)).catch((error: unknown) => {
        throw new Error(`${name} was ${kind}`, { cause: error });
      });
    }
    expect(readdirSync(path.join(box.place(), 'current')).sort()).toEqual(['alive', 'owner.json', 'sock']);
  });

  it.each(BESIDE)('%s', async (name) => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    for (const [kind, leave] of Object.entries(KINDS)) {
      const file = path.join(box.place(), name);
      const isThere = readdirSync(box.place()).includes(name);
      if (!isThere && /half|more|only/.test(kind)) continue;
      await expectOneAfter(box, service, () => leave(file)).catch((error: unknown) => {
        throw new Error(`${name} was ${kind}`, { cause: error });
      });
    }
  });

  it('what killed candidates and callers left is cleared away', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const place = box.place();
    const long = new Date(Date.now() - 3_600_000);
    await expectOneAfter(box, service, () => {
      const half = path.join(place, 'tmp.4-abcdefgh');
      mkdirSync(half);
      writeFileSync(path.join(half, 'owner.json'), '{"pi');
      utimesSync(half, long, long);
      mkdirSync(path.join(place, 'trash.4-abcdefgh', 'deep'), { recursive: true });
    });
    await expectOneAfter(box, service, () => rmSync(path.join(place, 'current'), { recursive: true }));
    expect(readdirSync(place).filter((name) => /^(?:tmp|trash)\.|^spawn\.lock$/.test(name))).toEqual([]);
  });

  it('a process that has the id of a killed daemon blocks nobody', async () => {
    const box = wine.box();
    const service = box.service();
    const pid = await called(box, service);
    const other = box.node([
      '-e',
      `require('node:fs').writeSync(1, String(process.pid)); setInterval(() => {}, 1000);`,
    ]);
    try {
      const id = await new Promise<string>((resolve) =>
        other.stdout?.once('data', (said: Buffer) => resolve(said.toString())),
      );
      const owner = path.join(box.place(), 'current', 'owner.json');
      await expectOneAfter(box, service, () =>
        anew(owner, readFileSync(owner, 'utf8').replace(`"pid":${pid}`, `"pid":${id}`)),
      );
      expect(other.exitCode).toBe(null);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('the record of another daemon, which lives, leads no call to that one', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const other = wine.box();
    const elsewhere = other.service(OTHER, 'other.mjs');
    expect((await other.run(['call', elsewhere])).stdout).toContain('the other one');
    const record = readFileSync(path.join(other.place(), 'current', 'sock'));
    const file = path.join(box.place(), 'current', 'sock');
    await expectOneAfter(box, service, () => anew(file, record));
    expect(other.daemons()).toHaveLength(1);
  });

  it('what damages the record of a daemon that lives costs its callers, and starts no second one', async () => {
    const box = wine.box();
    const service = box.service();
    await called(box, service);
    const [pid] = box.daemons();
    const file = path.join(box.place(), 'current', 'sock');
    const record = readFileSync(file);
    anew(file, LATER);
    const ended = await box.run(['call', service, '--timeout', '3s']);
    expect([ended.code, ended.stderr]).toEqual([69, expect.stringContaining('is there and did not answer')]);
    const looked = await box.run(['status', service]);
    expect([looked.code, looked.stdout]).toEqual([69, expect.stringContaining('not answering')]);
    expect(box.daemons()).toEqual([pid]);
    anew(file, record);
    await called(box, service);
    expect(box.daemons()).toEqual([pid]);
    anew(file, record.subarray(0, 20));
    expect((await box.run(['restart', service, '--force', '--timeout', '3s'])).code).toBe(0);
    await called(box, service);
    expect(box.daemons()).toHaveLength(1);
    expect(box.daemons()).not.toEqual([pid]);
  });
});
