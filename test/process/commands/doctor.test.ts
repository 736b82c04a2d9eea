/** doctor, gc and stop --all on real trouble. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { has, isRoot, type RunOptions, type Sandbox, sandbox } from '../support/sandbox.js';

interface Finding {
  readonly kind: string;
  readonly code: string;
  readonly severity: string;
  readonly what: string;
  readonly where: string;
  readonly todo: string;
}

/** A daemon that is well is given all the time that it needs. */
const PATIENT = ['--timeout', '30s'];

async function doctor(box: Sandbox, args: readonly string[] = PATIENT, options: RunOptions = {}) {
  const before = listing(box.path);
  const { code, stdout, stderr } = await box.run(['doctor', ...args, '--json'], options);
  expect(stderr).toBe('');
  expect(listing(box.path)).toEqual(before);
  const { findings } = JSON.parse(stdout.toString()) as { findings: Finding[] };
  expect(code).toBe(findings.some(({ severity }) => severity === 'problem') ? 1 : 0);
  return { code, findings, kinds: findings.map(({ kind }) => kind) };
}

/** All that there is, but for what daemons write in the meantime. */
const listing = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();

async function deadSocket(directory: string): Promise<void> {
  mkdirSync(directory);
  const server = net.createServer().listen(`${directory}.bound`);
  await new Promise((resolve) => server.once('listening', resolve));
  // Renamed, it outlives close(), as it would a killed process.
  renameSync(`${directory}.bound`, path.join(directory, 'sock'));
  await new Promise((resolve) => server.close(resolve));
}

describe('doctor', () => {
  it('finds nothing wrong before the first daemon, with one, and after it; and starts none', async () => {
    const box = sandbox();
    const service = box.service();
    expect(await doctor(box, [service, ...PATIENT])).toMatchObject({ code: 0 });
    expect(box.daemons()).toEqual([]);
    await box.run(['call', service]);
    const { findings, kinds } = await doctor(box);
    // Without a toolchain there is no native client, which is worth a note.
    const wrong = findings.filter(({ severity }) => severity === 'problem' || severity === 'note');
    expect(wrong.filter(({ kind }) => kind !== 'native-client-missing')).toEqual([]);
    expect(kinds).toEqual(expect.arrayContaining(['trial-passed', 'file-system', 'daemon-answers']));
    const text = (await box.run(['doctor', ...PATIENT])).stdout.toString();
    expect(text).toMatch(/^ok {7}environment: .*\n/m);
    expect(text).toMatch(wrong.length === 0 ? /\n0 problems, 0 notes\n$/ : /\n0 problems, 1 note\n$/);
  });

  it('a daemon that is stopped: which, and what to do', async () => {
    const box = sandbox();
    await box.run(['call', box.service()]);
    const [pid = 0] = box.daemons();
    process.kill(pid, 'SIGSTOP');
    const { findings } = await doctor(box, ['--timeout', '500ms']);
    expect(findings[0]).toMatchObject({ kind: 'daemon-stopped', severity: 'problem', where: box.place() });
    expect(findings[0]?.todo).toContain(`kill -CONT ${pid}`);
  });

  it('each finding has a code, which explain knows; people see those of what is not well', async () => {
    const box = sandbox();
    chmodSync(box.state, 0o755);
    const { findings } = await doctor(box);
    for (const { code } of findings) {
      const page = await box.run(['explain', code]);
      expect({ code: page.code, first: page.stdout.toString().split('\n')[0] }).toEqual({
        code: 0,
        first: code,
      });
    }
    const shown = findings.filter(({ severity }) => severity === 'problem' || severity === 'note');
    expect(shown.map(({ kind }) => kind)).toContain('directory-open');
    const { stdout } = await box.run(['doctor', ...PATIENT]);
    const codes = [...stdout.toString().matchAll(/^(?:problem|note) .* \[(SOLOD_E_\w+)\]$/gm)];
    expect(codes.map(([, code]) => code)).toEqual(shown.map(({ code }) => code));
    expect(stdout.toString().match(/SOLOD_E_/g)).toHaveLength(shown.length);
  });

  it('modes, and what lies about', async () => {
    const box = sandbox();
    const service = box.service();
    const place = path.join(box.state, 'mess');
    mkdirSync(place);
    await deadSocket(path.join(place, '1'));
    await deadSocket(path.join(place, '2'));
    symlinkSync('2', path.join(place, 'current'));
    for (const name of ['trash.x', 'tmp.999999-abc', 'log']) mkdirSync(path.join(place, name));
    utimesSync(path.join(place, 'tmp.999999-abc'), 1, 1);
    writeFileSync(path.join(place, 'notes.txt'), '');
    const ahead = Date.now() / 1_000 + 3_600;
    utimesSync(path.join(place, 'notes.txt'), ahead, ahead);
    chmodSync(place, 0o755);
    const { kinds, code } = await doctor(box, [service, '--name', 'mess']);
    expect(code).toBe(0);
    const expected = [
      'abandoned',
      'dead-generations',
      'directory-open',
      'foreign-files',
      'from-the-future',
      'trash',
    ];
    expect(kinds).toEqual(expect.arrayContaining([...expected, 'no-daemon', 'unwritable']));
    chmodSync(box.state, 0o777);
    const open = await doctor(box);
    expect(open.code).toBe(1);
    expect(open.kinds).toContain('directory-distrusted');
    expect(open.kinds).not.toContain('trial-passed');
  });

  it('a directory above that others can write to', async () => {
    const box = sandbox();
    const above = path.join(box.path, 'above');
    mkdirSync(above);
    chmodSync(above, 0o777);
    expect((await doctor(box, ['--state-dir', path.join(above, 'state')])).kinds).toContain(
      'parent-writable',
    );
    chmodSync(above, 0o1777);
    expect((await doctor(box, ['--state-dir', path.join(above, 'state')])).kinds).not.toContain(
      'parent-writable',
    );
  });

  it('a path that is too long for a socket, a relative directory', async () => {
    const box = sandbox();
    const long = path.join(box.state, 'l'.repeat(120));
    expect((await doctor(box, ['--name', 'x', '--state-dir', long])).kinds).toContain('path-too-long');
    const relative = await doctor(box, PATIENT, { env: { SOLOD_DIR: 'state' } });
    expect(relative.kinds).toContain('relative-root');
  });

  it.skipIf(process.platform !== 'linux')('HOME that is another (Linux)', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service], { env: { TMPDIR: box.path } });
    const env = { HOME: '/elsewhere', SOLOD_DIR: undefined, XDG_RUNTIME_DIR: undefined };
    const { findings } = await doctor(box, [service, ...PATIENT, '--state-dir', box.state], { env });
    const [differs] = findings.filter(({ kind }) => kind === 'environment-differs');
    expect(differs?.what).toBe(`HOME was ${box.path} when the daemon was started, and is /elsewhere here`);
    expect(findings.map(({ kind }) => kind)).toContain('root-differs');
  });

  it('a second daemon of one name, after somebody removed "current"', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [first = 0] = box.daemons();
    const place = box.place();
    // Or it would notice, and go.
    process.kill(first, 'SIGSTOP');
    renameSync(path.join(place, 'current'), path.join(box.path, 'away'));
    const { findings } = await doctor(box);
    expect(findings[0]).toMatchObject({ kind: 'second-daemon', severity: 'problem' });
    expect(findings[0]?.todo).toContain(`kill ${first}`);
  });

  const unshare = isRoot && has('unshare');
  it.skipIf(!unshare)('another pid and another network namespace (as root, with unshare)', async () => {
    const box = sandbox();
    const service = box.service();
    const env = { SOLOD_SCOPE: 'shared' };
    await box.run(['call', service], { env });
    const inside = [process.execPath, path.resolve('dist/solod.cjs'), 'doctor', ...PATIENT, '--json'];
    const kindsIn = async (...flags: string[]): Promise<string[]> => {
      const { stdout } = await box.exec('unshare', [...flags, ...inside], { env });
      return (JSON.parse(stdout.toString()) as { findings: Finding[] }).findings.map(({ kind }) => kind);
    };
    expect(await kindsIn('--pid', '--fork', '--mount-proc')).toContain('pid-namespace-differs');
    expect(await kindsIn('--net')).toContain('network-namespace-differs');
  });

  it.skipIf(!unshare)('a read-only root (as root, with unshare)', async () => {
    const box = sandbox();
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    const command = [process.execPath, path.resolve('dist/solod.cjs'), 'doctor', '--json'];
    const { stdout, code } = await box.exec('unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      box.state,
      ...command,
    ]);
    const { findings } = JSON.parse(stdout.toString()) as { findings: Finding[] };
    expect(code).toBe(1);
    expect(findings[0]).toMatchObject({ kind: 'trial-failed', where: box.state });
    expect(findings[0]?.what).toContain('EROFS');
  });
});

describe('gc', () => {
  it('says what it would remove, then removes that and nothing else', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [pid] = box.daemons();
    const place = box.place();
    await deadSocket(path.join(place, '7'));
    mkdirSync(path.join(place, 'trash.x', 'deep'), { recursive: true });
    mkdirSync(path.join(place, 'tmp.999999-abc'));
    utimesSync(path.join(place, 'tmp.999999-abc'), 1, 1);
    writeFileSync(path.join(place, 'notes.txt'), '');
    const dead = path.join(box.state, 'dead');
    mkdirSync(dead, { mode: 0o700 });
    for (const generation of ['1', '2']) await deadSocket(path.join(dead, generation));
    symlinkSync('2', path.join(dead, 'current'));
    const due = [path.join(dead, '1'), path.join(place, 'tmp.999999-abc'), path.join(place, 'trash.x')];
    const before = listing(box.path);
    const dry = (await box.run(['gc', '--dry-run'])).stdout.toString().trim().split('\n').sort();
    expect(dry).toEqual(due.map((file) => `would remove ${file}`).sort());
    expect(listing(box.path)).toEqual(before);
    const done = (await box.run(['gc'])).stdout.toString().trim().split('\n').sort();
    expect(done).toEqual(due.map((file) => `removed ${file}`).sort());
    expect(due.filter((file) => existsSync(file))).toEqual([]);
    expect(listing(place)).toEqual(expect.arrayContaining(['1', '7', 'current', 'notes.txt']));
    expect(box.generations(dead)).toEqual([2]);
    expect(await box.run(['gc'])).toMatchObject({ code: 0, stdout: Buffer.from('') });
    expect(box.daemons()).toEqual([pid]);
  });

  it('touches nothing where others can write', async () => {
    const box = sandbox();
    const place = path.join(box.state, 'open');
    mkdirSync(path.join(place, 'trash.x'), { recursive: true });
    chmodSync(place, 0o777);
    const { code, stderr } = await box.run(['gc', '--name', 'open']);
    expect({ code, stderr }).toMatchObject({
      code: 77,
      stderr: expect.stringContaining('written to by others'),
    });
    expect(existsSync(path.join(place, 'trash.x'))).toBe(true);
  });
});

describe('stop --all', () => {
  it('ends every daemon, and says so of each; none is fine too', async () => {
    const box = sandbox();
    const service = box.service();
    expect(await box.run(['stop', '--all'])).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['one', 'two']) await box.run(['call', service, '--name', name]);
    const { code, stdout } = await box.run(['stop', '--all', '--json', ...PATIENT]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject([
      { name: 'one', kind: 'stopped' },
      { name: 'two', kind: 'stopped' },
    ]);
    expect(box.daemons()).toEqual([]);
    expect((await box.run(['stop', service, '--all'])).code).toBe(64);
  });

  it('says which did not end, and ends the others', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service, '--name', 'one']);
    const [stopped = 0] = box.daemons();
    await box.run(['call', service, '--name', 'two']);
    process.kill(stopped, 'SIGSTOP');
    const { code, stdout, stderr } = await box.run(['stop', '--all', '--timeout', '4s']);
    expect(code).toBe(69);
    expect(stdout.toString()).toMatch(/^two: stopped/);
    expect(stderr).toContain(`pid ${stopped}`);
    expect(box.daemons()).toEqual([stopped]);
  });
});
