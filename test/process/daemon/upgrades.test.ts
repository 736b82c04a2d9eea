/** Two versions of a service by one name: one replacement, never a ping-pong. */

import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, sandbox } from '../support/sandbox.js';

/** Says its version; holds on for as long as it is told. */
const versioned = (version: string) => `
  import { defineService } from '${path.resolve(import.meta.dirname, '../../../dist/index.js')}';
  import { setTimeout as delay } from 'node:timers/promises';
  export default defineService({
    name: 'tool', version: '${version}',
    run: async ({ args, stdout }) => {
      const [ms] = args;
      if (ms !== undefined) await delay(Number(ms));
      stdout.write('${version}\\n');
    },
  });
`;

describe('two versions', () => {
  it('in turn: the older one is served by the newer, and one replacement is all', async () => {
    const box = sandbox();
    const [old, young] = [
      box.service(versioned('1.2.0'), 'old.mjs'),
      box.service(versioned('1.10.0'), 'new.mjs'),
    ];
    const said: string[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const { stdout, code } = await box.run(['call', turn % 2 === 0 ? old : young]);
      expect(code).toBe(0);
      said.push(stdout.toString().trim());
    }
    expect(said).toEqual(['1.2.0', ...Array<string>(11).fill('1.10.0')]);
    expect(box.spawns()).toEqual(['cold', 'upgrade']);
  });

  it('twenty callers of the newer one at once, with work in flight: nobody is turned away, and one replacement', async () => {
    const box = sandbox();
    const [old, young] = [
      box.service(versioned('1.0.0'), 'old.mjs'),
      box.service(versioned('2.0.0'), 'new.mjs'),
    ];
    await box.run(['call', old]);
    const slow = [4_000, 5_000].map((ms) => box.run(['call', old, '--', String(ms)]));
    await eventually('the work in flight', async () => {
      const status = JSON.parse((await box.run(['status', old, '--json'])).stdout.toString());
      return status.inFlight === 2;
    });
    const callers = await box.all(20, () => ['call', young, '--timeout', '60s']);
    for (const { code, stdout } of callers)
      expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^[12]\.0\.0\n$/)]);
    expect((await Promise.all(slow)).map(({ code, stdout }) => [code, stdout.toString()])).toEqual(
      Array(2).fill([0, '1.0.0\n']),
    );
    await eventually('the newer one', async () => {
      const { code, stdout } = await box.run(['call', young]);
      expect(code).toBe(0);
      return stdout.toString() === '2.0.0\n';
    });
    expect(box.spawns()).toEqual(['cold', expect.stringMatching(/^(?:upgrade|dead-daemon)$/)]);
  });
});

describe('a service file', () => {
  it('that was rebuilt is loaded anew, once', async () => {
    const box = sandbox();
    const service = box.service(versioned('1.0.0'));
    await box.run(['call', service]);
    writeFileSync(service, versioned('1.0.0').replace("'1.0.0\\n'", "'rebuilt\\n'"));
    const said = [];
    for (let round = 0; round < 3; round++) said.push((await box.run(['call', service])).stdout.toString());
    expect(said).toEqual(['rebuilt\n', 'rebuilt\n', 'rebuilt\n']);
    expect(box.spawns()).toEqual(['cold', 'upgrade']);
  });

  it.each([
    ['in place', (service: string, text: string) => writeFileSync(service, text)],
    [
      'by another file in its place',
      (service: string, text: string) => {
        writeFileSync(`${service}.new`, text);
        renameSync(`${service}.new`, service);
      },
    ],
  ])(
    'that was edited is loaded anew, also with the same size and time of modification: %s',
    async (_, edit) => {
      const box = sandbox();
      const service = box.service(versioned('1.0.0'));
      const { atime, mtime } = statSync(service);
      const said = [(await box.run(['call', service])).stdout.toString()];
      for (const word of ['edit1', 'edit2']) {
        edit(service, versioned('1.0.0').replace("'1.0.0\\n'", `'${word}\\n'`));
        utimesSync(service, atime, mtime);
        said.push((await box.run(['call', service])).stdout.toString());
      }
      expect(said).toEqual(['1.0.0\n', 'edit1\n', 'edit2\n']);
      expect(statSync(service).mtime).toEqual(mtime);
    },
  );

  // What the loader of ES modules reads can be seen from Node 22.15 on.
  const seen = 'registerHooks' in module ? /^/ : /\.cjs$/;
  const imports = [
    ['a.cjs', "exports.word = 'WORD';", "require('./a.cjs')"],
    ['a.mjs', "export const word = 'WORD';", "await import('./a.mjs')"],
  ] as const;
  const watched = imports.filter(([name]) => seen.test(name));
  it.each(watched)('that says so is loaded anew when a file changes that it imports: %s', async (...row) => {
    const [name, text, load] = row;
    const box = sandbox();
    const index = path.resolve(import.meta.dirname, '../../../dist/index.js');
    const imported = path.join(box.path, name);
    writeFileSync(imported, text.replace('WORD', 'one'));
    const service = box.service(`
      import { createRequire } from 'node:module';
      import { defineService } from '${index}';
      const require = createRequire(import.meta.url);
      const { word } = ${load};
      export default defineService({ name: 'tool', watch: 'imports', run: () => console.log(word) });
    `);
    const call = async () => (await box.run(['call', service])).stdout.toString();
    const said = [await call(), await call()];
    writeFileSync(imported, text.replace('WORD', 'two'));
    said.push(await call(), await call());
    expect(said).toEqual(['one\n', 'one\n', 'two\n', 'two\n']);
    expect(box.spawns()).toEqual(['cold', 'upgrade']);
  });

  it('that was touched alone is not', async () => {
    const box = sandbox();
    const service = box.service(versioned('1.0.0'));
    await box.run(['call', service]);
    utimesSync(service, new Date(), new Date(Date.now() + 60_000));
    await box.run(['call', service]);
    expect(box.spawns()).toEqual(['cold']);
  });
});
