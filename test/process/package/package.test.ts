/** The published package in an empty project. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ECHO, ROOT, sandbox } from '../support/sandbox.js';

const HOT = [
  'solod.cjs',
  'call-and-kick.cjs',
  'serve.cjs',
  'daemon.cjs',
  'inline.cjs',
  'status-line.cjs',
  'index.js',
];

/** Three callers at once, on a memory machine. */
const RACE = `
  import { createSolod } from 'solod';
  import { MemoryMachine, type MemoryProcess, memoryHost } from 'solod/testing';
  const machine = new MemoryMachine();
  machine.install('/bin/daemon', async (process: MemoryProcess) => {
    const claimed = await createSolod(memoryHost(process)).claim({ name: 'build' });
    if (claimed.kind !== 'claimed') return process.exit(0);
    claimed.serve((connection) => connection.end('hello'));
  });
  const callers = [1, 2, 3].map(() => createSolod(memoryHost(machine.start())));
  const asked = callers.map((solod) => solod.obtain({ name: 'build', command: ['/bin/daemon'] }));
  const results = await machine.clock.finish(Promise.all(asked));
  console.log(JSON.stringify(results.map(({ kind }) => kind).sort()));
`;

describe('the packed tarball', () => {
  it('installs into an empty project, is imported with its types, and brings the command', async () => {
    const box = sandbox();
    const project = path.join(box.path, 'project');
    mkdirSync(project);
    const packed = execFileSync(
      'npm',
      ['pack', '--ignore-scripts', '--silent', '--pack-destination', box.path],
      { cwd: ROOT, encoding: 'utf8' },
    );
    writeFileSync(
      path.join(project, 'package.json'),
      '{ "name": "empty", "private": true, "type": "module" }',
    );
    const install = [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      path.join(box.path, packed.trim()),
    ];
    execFileSync('npm', install, {
      cwd: project,
      stdio: 'pipe',
      env: { ...process.env, npm_config_cache: undefined },
    });
    expect(readdirSync(path.join(project, 'node_modules', 'solod')).sort()).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']),
    );

    writeFileSync(
      path.join(project, 'program.ts'),
      `import { call, claim, defineService, kick, obtain, type ObtainResult } from 'solod';
       const result: ObtainResult = await obtain({ service: './service.js', timing: { totalMs: 10_000 } });
       if (result.kind === 'failed') throw new Error(result.message + result.failure.kind);
       const pid: number | undefined = result.owner?.pid;
       // @ts-expect-error: the result is one of three kinds, and this is none of them
       if (result.kind === 'maybe') throw new Error();
       console.log(JSON.stringify([typeof call, typeof claim, typeof defineService, typeof kick, typeof pid, result.kind]));
      `,
    );
    writeFileSync(path.join(project, 'race.ts'), RACE);
    writeFileSync(path.join(project, 'service.js'), ECHO);
    const options = { strict: true, module: 'nodenext', target: 'es2023', skipLibCheck: false };
    writeFileSync(
      path.join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['program.ts', 'race.ts'] }),
    );
    const compiled = await box.exec(process.execPath, [
      path.join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      project,
    ]);
    expect(compiled.stdout.toString()).toBe('');
    expect(compiled.code).toBe(0);

    const ran = await box.exec(process.execPath, ['program.js'], { cwd: project });
    expect(ran.stderr).toBe('');
    expect(JSON.parse(ran.stdout.toString())).toEqual([...Array(4).fill('function'), 'number', 'started']);
    const race = await box.exec(process.execPath, ['race.js'], { cwd: project });
    expect(race.stderr).toBe('');
    expect(JSON.parse(race.stdout.toString())).toEqual(['attached', 'attached', 'started']);
    expect(readdirSync(path.join(project, 'node_modules'))).not.toContain('memfs');
    const command = await box.exec(
      path.join(project, 'node_modules/.bin/solod'),
      ['call', 'service.js', '--', 'x'],
      { cwd: project },
    );
    expect(JSON.parse(command.stdout.toString()).args).toEqual(['x']);
  }, 180_000);

  it('loads no package for the commands that are called often', () => {
    const builtin = new Set(process.getBuiltinModule('module').builtinModules);
    for (const file of HOT) {
      const text = readFileSync(path.join(ROOT, 'dist', file), 'utf8');
      const chunks = [...text.matchAll(/(?:from|import)\s*["']\.\/(chunk-[^"']+)["']/g)].map(
        ([, name = '']) => name,
      );
      const all = [text, ...chunks.map((name) => readFileSync(path.join(ROOT, 'dist', name), 'utf8'))].join(
        '\n',
      );
      const asked = [...all.matchAll(/(?:require\(|import\(|from |import )\s*["']([^"'\n]+)["']/g)].map(
        ([, name = '']) => name,
      );
      expect(asked.length).toBeGreaterThan(0);
      const foreign = asked.filter(
        (name) => !builtin.has(name.replace(/^node:/, '')) && !name.startsWith('./'),
      );
      expect(foreign).toEqual([]);
    }
  });

  it.each([
    ['a warm call', [], ['list.cjs', 'solod.cjs']],
    [
      'a warm call that reads its input',
      ['--stdin'],
      ['list.cjs', 'signals.cjs', 'solod.cjs', 'warm-call-streams.cjs'],
    ],
  ])('%s loads neither the container, nor the schemas, nor the command framework', async (_, args, files) => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const list = path.join(box.path, 'list.cjs');
    writeFileSync(
      list,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(`${box.path}/loaded`)}, Object.keys(require.cache).join('\\n')));`,
    );
    const warm = await box.exec(process.execPath, [
      '-r',
      list,
      path.join(ROOT, 'dist/solod.cjs'),
      'call',
      service,
      '--',
      ...args,
    ]);
    expect(warm.code).toBe(0);
    const loaded = readFileSync(`${box.path}/loaded`, 'utf8').split('\n');
    expect(loaded.map((file) => path.basename(file)).sort()).toEqual(files);
  });
});
