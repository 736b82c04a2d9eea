/**
 * What a daemon has of the process that starts it: nothing that the next caller would notice. As the kernel
 * tells it, for both clients.
 */

import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PASSED_ON } from '../../../src/domain/place/daemon-environment.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { eventually, has, isRoot, ROOT, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

beforeAll(buildClient, BUILD_MS);

const NODE = ['node', [process.execPath, SOLOD]] as const;
const clients: (readonly [string, readonly [string, ...string[]]])[] = hasCargo
  ? [NODE, ['native', [CLIENT]]]
  : [NODE];

const of = (pid: number, what: string): string => readFileSync(`/proc/${pid}/${what}`, 'latin1');
const field = (pid: number, name: string): string | undefined =>
  new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(of(pid, 'status'))?.[1];

/** A service that prints the variables that its daemon was started with. */
const NAMED = (names: string): string => `
  import { readFileSync } from 'node:fs';
  const defineService = (definition) => Object.assign(definition, { [Symbol.for('solod.service')]: true });
  export default defineService({
    name: 'named',
    environment: [${names}],
    run: ({ stdout }) => void stdout.write(readFileSync('/proc/self/environ', 'latin1').replaceAll('\\0', '\\n')),
  });`;

function serviceIn(box: Sandbox, source?: string): string {
  const service = box.service(source);
  box.leaveLaunchFile(service);
  return service;
}

async function only(box: Sandbox): Promise<number> {
  const [pid, ...others] = box.daemons();
  if (pid === undefined || others.length > 0) throw new Error(`not one daemon but ${[pid, ...others]}`);
  return pid;
}

describe.each(clients)('a daemon that the client in %s starts', (_, client) => {
  const call = (box: Sandbox, service: string, before: string, env: NodeJS.ProcessEnv = {}) =>
    box.exec('sh', ['-c', `${before}\nexec "$@"`, 'sh', ...client, 'call', service], { env });

  test('has no variable of its starter, but those that a login has', async () => {
    const box = sandbox();
    const preload = path.join(box.path, 'preload.cjs');
    writeFileSync(preload, 'globalThis.preloaded = true;');
    const service = serviceIn(
      box,
      'const was = globalThis.preloaded; export default ({ stdout }) => void stdout.write(String(was));',
    );
    const odd = {
      GIT_DIR: '/elsewhere/.git',
      NODE_OPTIONS: '--require ./preload.cjs',
      NODE_V8_COVERAGE: box.path,
      NODE_UNIQUE_ID: '1',
      TMPDIR: box.path,
      TZ: 'Asia/Tokyo',
      PATH: `${process.env.PATH}:.:node_modules/.bin`,
      HTTPS_PROXY: 'http://proxy.example',
      NODE_EXTRA_CA_CERTS: undefined,
    };
    const told = await call(box, service, ':', odd);
    expect([told.code, told.stdout.toString()], told.stderr).toEqual([0, 'undefined']);
    const variables = of(await only(box), 'environ')
      .split('\0')
      .filter(Boolean);
    const names = variables.map((variable) => variable.slice(0, variable.indexOf('=')));
    const known = [
      ...Object.values(PASSED_ON).flat(),
      'SOLOD_SPAWN_LOCK',
      'SOLOD_START_CHANNEL',
      'SOLOD_CLAIMED',
      'SOLOD_CLAIMED_IN',
    ];
    expect(names.filter((name) => !known.includes(name) && !name.startsWith('LC_'))).toEqual([]);
    expect(variables).toContain('HTTPS_PROXY=http://proxy.example');
    expect(variables.find((variable) => variable.startsWith('PATH='))).not.toMatch(/[=:](?!\/)/);
  });

  test('has no umask, priority, limit, signal or descriptor of its starter', async () => {
    const box = sandbox();
    const service = serviceIn(box);
    const before = `umask 077; trap '' HUP INT TERM USR2; exec 9>${box.path}/held; ulimit -S -t 100; ulimit -S -f 100000
      ulimit -S -s 4096; command -v renice >/dev/null && renice -n 5 $$ >/dev/null; command -v taskset >/dev/null && taskset -cp 0 $$ >/dev/null`;
    expect((await call(box, service, before)).code).toBe(0);
    const pid = await only(box);
    expect(field(pid, 'Umask')).toBe('0022');
    // SIGPIPE and SIGXFSZ, which Node ignores.
    expect([field(pid, 'SigIgn'), field(pid, 'SigBlk')]).toEqual(['0000000001001000', '0000000000000000']);
    for (const name of ['Max cpu time', 'Max file size'])
      expect(of(pid, 'limits')).toMatch(new RegExp(`^${name} +unlimited`, 'm'));
    expect(of(pid, 'limits')).toMatch(/^Max stack size +8388608/m);
    const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(descriptors.filter((file) => file.endsWith('/held'))).toEqual([]);
    if (has('taskset')) expect(field(pid, 'Cpus_allowed_list')).toBe(onlineProcessors());
    if (isRoot) expect(of(pid, 'stat').split(') ')[1]?.split(' ')[16]).toBe('0');
  });

  test('can be used by its owner whatever the umask took from him', { skip: !isRoot }, async () => {
    const box = sandbox();
    chownSync(box.state, 4243, 4243);
    const service = serviceIn(box);
    const place = path.dirname(path.join(box.place(), 'x'));
    chownSync(place, 4243, 4243);
    const told = await box.exec(
      'setpriv',
      asUser(box, ['sh', '-c', 'umask 0777; exec "$@"', 'sh', ...client, 'call', service]),
    );
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect((await box.exec('setpriv', asUser(box, [...client, 'call', service]))).code).toBe(0);
    expect(box.spawns(place)).toEqual(['cold']);
  });

  test.runIf(isRoot && has('setpriv'))(
    'is not started by a process that is bound by a limit, which answers by itself',
    async () => {
      const box = sandbox();
      chownSync(box.state, 4243, 4243);
      const service = serviceIn(box);
      const place = box.place();
      chownSync(place, 4243, 4243);
      const bound = (limit: string, env = {}, verbose: string[] = ['--verbose']) => {
        const argv = ['sh', '-c', `ulimit ${limit}; exec "$@"`, 'sh', ...client, 'call', ...verbose, service];
        return box.exec('setpriv', asUser(box, argv), { env });
      };
      for (const [limit, what] of [
        ['-t 1000', 'processor time'],
        ['-n 500', 'open files'],
      ] as const) {
        const told = await bound(limit);
        expect([limit, told.code, box.daemons()], told.stderr).toEqual([limit, 0, []]);
        expect(told.stderr).toContain(`limited in ${what}`);
      }
      expect((await bound('-t 1000', { SOLOD: 'on' }, [])).code).toBe(0);
      expect(box.daemons()).toHaveLength(1);
      // The limits of who calls one that is there don't matter.
      const told = await bound('-t 1000');
      expect([told.code, told.stderr]).toEqual([0, '']);
    },
  );

  test('has what its service names, preloads of the starter among it', async () => {
    const box = sandbox();
    writeFileSync(path.join(box.path, 'preload.cjs'), '');
    const service = serviceIn(box, NAMED("'TOKEN', \"APP_*\", 'NODE_OPTIONS'"));
    const env = { TOKEN: 't', APP_ONE: '1', OTHER: 'o', NODE_OPTIONS: '--require ./preload.cjs' };
    const told = await call(box, service, ':', env);
    const variables = told.stdout.toString().split('\n');
    expect(variables, told.stderr).toEqual(expect.arrayContaining(['TOKEN=t', 'APP_ONE=1']));
    expect(variables.filter((variable) => variable.startsWith('OTHER='))).toEqual([]);
    expect(variables.find((variable) => variable.startsWith('NODE_OPTIONS='))).toBe(
      `NODE_OPTIONS=--require ${box.path}/./preload.cjs`,
    );
  });

  test('that fails by what its service names is held back for those callers alone', async () => {
    const box = sandbox();
    const source = NAMED("'BROKEN'").replace(
      'const define',
      "if (process.env.BROKEN === 'yes') throw new Error('broken');\nconst define",
    );
    const service = serviceIn(box, source);
    for (let n = 0; n < 2; n++) {
      expect((await call(box, service, ':', { BROKEN: 'yes' })).code).toBe(70);
      await eventually('the daemon is gone', () => box.daemons().length === 0);
    }
    const held = await call(box, service, ':', { BROKEN: 'yes' });
    expect(held.stderr).toContain('2 times in a row');
    expect((await call(box, service, ':', { BROKEN: 'no' })).code).toBe(0);
  });

  test('runs on a node that is named from the directory of its starter', async () => {
    const box = sandbox();
    const service = serviceIn(box);
    mkdirSync(path.join(box.path, 'bin'));
    symlinkSync(process.execPath, path.join(box.path, 'bin/own-node'));
    const told = await box.exec(client[0], [...client.slice(1), 'call', '--node=bin/own-node', service]);
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect(of(await only(box), 'cmdline').split('\0')[0]).toBe(path.join(box.path, 'bin/own-node'));
  });
});

test('a service that names variables where callers can not read them does not load', async () => {
  const box = sandbox();
  const service = box.service(NAMED('...NAMES').replace('export', "const NAMES = ['TOKEN'];\nexport"));
  const told = await box.run(['call', service]);
  expect([told.code, told.stderr]).toEqual([70, expect.stringContaining('names the variable TOKEN')]);
});

const onlineProcessors = (): string => readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();

/** Another user, who may go into the sandbox. */
function asUser(box: Sandbox, argv: readonly string[]): string[] {
  writeFileSync(path.join(box.path, 'README'), `${ROOT}\n`);
  chownSync(box.path, 4243, 4243);
  return ['--reuid=4243', '--regid=4243', '--clear-groups', ...argv];
}
