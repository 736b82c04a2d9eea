/**
 * `call()` in another program: an ES module, a CommonJS module, and esbuild's bundle of each. It runs on
 * every Node that SOLOD_TEST_NODES names (paths with colons between them) and on this one.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Format } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, ROOT, type Sandbox, sandbox } from '../support/sandbox.js';

const nodes = [process.execPath, ...(process.env.SOLOD_TEST_NODES ?? '').split(':').filter(Boolean)];
const packed = mkdtempSync(path.join(tmpdir(), 'solod-packed-'));

/** The published package, unpacked. It needs nothing else to run. */
beforeAll(() => {
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed];
  const tarball = execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xf', tarball], { cwd: packed });
});

afterAll(() => rmSync(packed, { recursive: true, force: true }));

/**
 * Calls the service of its first argument, and prints the result: also of `inline`, and the message of an
 * invalid call.
 */
const BODY = `
  const [service, daemon] = process.argv.slice(2);
  const options = { service, daemon, args: ['x'], stdout: process.stdout, stderr: process.stderr, timing: { totalMs: 20000 } };
  const main = async () => {
    const { kind, via, code, message } = await solod.call(options);
    const mistake = await solod.call({ ...options, service: '/nowhere.mjs' });
    console.log(JSON.stringify({ kind, via, code, message, mistake: mistake.failure?.kind }));
  };
  process.on('warning', (warning) => console.error('warning: ' + warning.message));
  main();
`;
const SOURCES = {
  esm: `import * as solod from 'solod';${BODY}`,
  cjs: `const solod = require('solod');${BODY}`,
} as const;
const SERVICES = {
  'service.mjs': "export default ({ args, stdout }) => { stdout.write('hello ' + args + '\\n'); return 3; };",
  'service.cjs':
    "module.exports = ({ args, stdout }) => { stdout.write('hello ' + args + '\\n'); return 3; };",
} as const;

/** A project with the package and a program, or with a bundle of the program. */
async function program(box: Sandbox, source: keyof typeof SOURCES, bundle?: Format): Promise<string> {
  const project = path.join(box.path, 'project');
  mkdirSync(path.join(project, 'node_modules'), { recursive: true });
  cpSync(path.join(packed, 'package'), path.join(project, 'node_modules/solod'), { recursive: true });
  const extension = source === 'esm' ? 'mjs' : 'cjs';
  const file = path.join(project, `program.${extension}`);
  writeFileSync(file, SOURCES[source]);
  if (bundle === undefined) return file;
  const outfile = path.join(box.path, 'tool', `tool.${bundle === 'esm' ? 'mjs' : 'cjs'}`);
  const { errors } = await build({
    ...{ entryPoints: [file], outfile, bundle: true, platform: 'node', format: bundle },
    ...{ target: 'node20.19', logLevel: 'silent', minify: true },
  });
  expect(errors).toEqual([]);
  return outfile;
}

const WAYS: readonly (readonly [keyof typeof SOURCES, Format | undefined])[] = [
  ['esm', undefined],
  ['cjs', undefined],
  ['esm', 'esm'],
  ['esm', 'cjs'],
  ['cjs', 'cjs'],
];

describe.each(nodes)('on %s', (node) => {
  describe.each(WAYS)('from %s, bundled as %s', (source, bundle) => {
    test.each(Object.keys(SERVICES) as (keyof typeof SERVICES)[])(
      'answers a call in this process: %s',
      async (name) => {
        const box = sandbox();
        const service = box.service(SERVICES[name], name);
        const told = await box.exec(node, [await program(box, source, bundle), service, 'off']);
        expect([told.code, told.stderr]).toEqual([0, '']);
        const [said, result = ''] = told.stdout.toString().split('\n');
        expect([said, JSON.parse(result)]).toEqual([
          'hello x',
          { kind: 'exited', via: 'inline', code: 3, mistake: 'service-missing' },
        ]);
        expect(box.daemons()).toEqual([]);
      },
    );

    test('answers a call by a daemon if the package is there, and otherwise in this process', async () => {
      const box = sandbox();
      const service = box.service(SERVICES['service.mjs'], 'service.mjs');
      const file = await program(box, source, bundle);
      const run = async () => {
        const told = await box.exec(node, [file, service, 'auto']);
        expect([told.code, told.stderr]).toEqual([0, '']);
        return JSON.parse(told.stdout.toString().split('\n')[1] ?? '') as { via: string };
      };
      if (bundle !== undefined) {
        expect((await run()).via).toBe('inline');
        expect(existsSync(box.state) ? readdirSync(box.state) : []).toEqual([]);
        cpSync(path.join(box.path, 'project/node_modules'), path.join(box.path, 'tool/node_modules'), {
          recursive: true,
        });
      }
      expect((await run()).via).toBe('started');
      expect((await run()).via).toBe('attached');
      expect(box.daemons()).toHaveLength(1);
      for (const pid of box.daemons()) process.kill(pid, 'SIGTERM');
      await eventually('its end', () => box.daemons().length === 0);
    });
  });
});
