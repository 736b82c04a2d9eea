import { appendFileSync, cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, sandbox } from '../support/sandbox.js';
import { Host, isAlive, ShareFixture } from './share-support.js';

const fixture = (): ShareFixture => new ShareFixture(sandbox());

const noStrays = (hosts: readonly Host[]): void => expect(hosts.flatMap(({ strays }) => strays)).toEqual([]);

describe('one server for many hosts', () => {
  it('sixteen hosts, fifty calls each under the same ids: every answer is its own, and there is one server', async () => {
    const share = fixture();
    const hosts = await Promise.all(Array.from({ length: 16 }, () => share.greeted()));
    const answers = await Promise.all(
      hosts.map((host, n) =>
        Promise.all(
          Array.from({ length: 50 }, (_, id) => host.call(id, { say: `${n}:${id}`, delayMs: id % 7 })),
        ),
      ),
    );
    for (const [n, list] of answers.entries())
      for (const [id, { result }] of list.entries()) expect(result?.say).toBe(`${n}:${id}`);
    expect(share.pids()).toHaveLength(1);
    expect(share.box.daemons()).toHaveLength(1);
    noStrays(hosts);
    expect(await Promise.all(hosts.map((host) => host.end()))).toEqual(hosts.map(() => 0));
  });

  it('hosts that ask in another environment, or another directory, get another server', async () => {
    const share = fixture();
    const first = await share.greeted();
    const token = share.host([], [], { API_TOKEN: 'x' });
    await token.greet();
    const terminal = share.host([], [], { TERM: 'other', SHLVL: '9' });
    await terminal.greet();
    expect(share.pids()).toHaveLength(2);
    const narrowed = share.host(['--env=API_KEY'], [], { API_TOKEN: 'y' });
    await narrowed.greet();
    const also = share.host(['--env=API_KEY'], [], { API_TOKEN: 'z' });
    await also.greet();
    expect(share.pids()).toHaveLength(3);
    await Promise.all([first, token, terminal, narrowed, also].map((host) => host.end()));
  });

  it('a variable of a session reaches its server, and not the broker that all sessions have', async () => {
    const share = fixture();
    const host = share.host([], [], { TOKEN_OF_ONE_SESSION: 'x' });
    await host.greet();
    const environmentOf = (pid: number | undefined) => readFileSync(`/proc/${pid}/environ`, 'utf8');
    const [[broker], [server]] = [share.box.daemons(), share.living()];
    expect(environmentOf(server)).toContain('TOKEN_OF_ONE_SESSION=x');
    expect(environmentOf(broker)).not.toContain('TOKEN_OF_ONE_SESSION');
  });

  it('when nobody uses it any more it ends, after the time that was said', async () => {
    const share = fixture();
    const host = await share.greeted(['--idle-timeout=300ms']);
    await host.end();
    await eventually('the end of the server', () => share.living().length === 0);
  });

  it('an answer of 20 MB and a flood of messages come through whole, while another host is served', async () => {
    const share = fixture();
    const [big, other] = await Promise.all([share.greeted(), share.greeted()]);
    const answer = big.call(1, { say: 'big', bytes: 20_000_000, flood: 2_000 });
    const quick = await other.call(1, { say: 'quick' });
    expect(quick.result?.say).toBe('quick');
    expect(String((await answer).result?.filler)).toHaveLength(20_000_000);
    noStrays([big, other]);
  });

  it('a message that is too long is answered to its sender, and the server never sees it', async () => {
    const share = fixture();
    const [host, other] = await Promise.all([
      share.greeted(['--max-message=100K']),
      share.greeted(['--max-message=100K']),
    ]);
    const filler = 'x'.repeat(200_000);
    const long = await host.raw(
      7,
      `{"jsonrpc":"2.0","method":"tools/call","params":{"x":"${filler}"},"id":7}`,
    );
    expect(long.error?.message).toContain('limit messageBytes');
    expect((await other.call(7, { say: 'here' })).result?.say).toBe('here');
    expect((await host.call(8, { say: 'still' })).result?.say).toBe('still');
    expect(share.pids()).toHaveLength(1);
  });
});

describe('nothing is lost when things die', () => {
  it('the server is killed: what waits gets one error, and the sessions go on with another', async () => {
    const share = fixture();
    const hosts = await Promise.all([share.greeted(), share.greeted()]);
    const waiting = hosts.map((host) => host.call(1, { delayMs: 60_000 }));
    // A later call that is answered shows that the server has the earlier ones.
    await Promise.all(hosts.map((host) => host.call(2, { say: 'x' })));
    process.kill(share.pids()[0] ?? 0, 'SIGKILL');
    for (const { error } of await Promise.all(waiting)) expect(error?.message).toContain('SIGKILL');
    const after = await Promise.all(hosts.map((host) => host.call(1, { say: 'after' })));
    for (const { result } of after) expect(result).toMatchObject({ say: 'after', pid: share.pids()[1] });
    for (const { notifications } of hosts)
      expect(notifications.map(({ method }) => method)).toContain('notifications/tools/list_changed');
    expect(share.pids()).toHaveLength(2);
    noStrays(hosts);
  });

  it('the broker is killed: the hosts see errors for what was under way, and nothing else', async () => {
    const share = fixture();
    const hosts = await Promise.all([share.greeted(), share.greeted()]);
    const waiting = hosts.map((host) => host.call(1, { delayMs: 60_000 }));
    await Promise.all(hosts.map((host) => host.call(2, { say: 'x' })));
    const [broker = 0] = share.box.daemons();
    process.kill(broker, 'SIGKILL');
    for (const { error } of await Promise.all(waiting)) expect(error?.message).toContain('the broker ended');
    const after = await Promise.all(hosts.map((host) => host.call(1, { say: 'after' })));
    for (const { result } of after) expect(result?.say).toBe('after');
    noStrays(hosts);
    await eventually('the end of the first server', () => share.living().length === 1);
    expect(share.box.daemons()).toHaveLength(1);
  });

  it('the broker is stopped: a host that waits for nothing sees no error at all', async () => {
    const share = fixture();
    const host = await share.greeted();
    await share.box.run(['stop', '--all']);
    expect((await host.call(1, { say: 'after' })).result?.say).toBe('after');
    expect(share.pids()).toHaveLength(2);
    expect(share.living()).toHaveLength(1);
    noStrays([host]);
  });

  it('a later solod comes: the broker makes room, and a host that waits for nothing sees no error', async () => {
    const share = fixture();
    const dist = path.join(share.box.path, 'dist');
    cpSync(path.resolve(import.meta.dirname, '../../../dist'), dist, { recursive: true });
    const start = (): Host =>
      new Host(share.box.spawn(process.execPath, [path.join(dist, 'solod.cjs'), ...share.args()]));
    const first = start();
    await first.greet();
    const before = share.box.daemons();
    appendFileSync(path.join(dist, 'share.cjs'), '// later');
    const second = start();
    await second.greet();
    const answers = await Promise.all([first, second].map((host) => host.call(1, { say: 'here' })));
    expect(answers.map(({ result }) => result?.say)).toEqual(['here', 'here']);
    const after = share.box.daemons();
    expect([after.length, after[0] === before[0]]).toEqual([1, false]);
    expect(share.living()).toHaveLength(1);
    noStrays([first, second]);
  });

  it('doctor tells of a broker and its servers, and of servers that lost their broker', async () => {
    const share = fixture();
    const doctor = async () => {
      const { stdout } = await share.box.run(['doctor', '--timeout', '30s', '--json']);
      const { findings } = JSON.parse(stdout.toString()) as { findings: { kind: string; what: string }[] };
      return findings.filter(({ kind }) => /^(?:shared-servers|servers-left|sessions-)/.test(kind));
    };
    // Without its host nobody starts another broker.
    const host = await share.greeted([], ['--stubborn']);
    const [server = 0] = share.living();
    const what = expect.stringContaining(`${server}`);
    const found = (await doctor()).filter(({ kind }) => !kind.startsWith('sessions-'));
    expect(found).toEqual([expect.objectContaining({ kind: 'shared-servers', what })]);
    host.child.kill('SIGKILL');
    await host.ended;
    for (const broker of share.box.daemons()) process.kill(broker, 'SIGKILL');
    await eventually('the end of the broker', () => share.box.daemons().length === 0);
    expect(await doctor()).toEqual([expect.objectContaining({ kind: 'servers-left', what })]);
  });

  it('a server that outlives its killed broker is ended by the next one', async () => {
    const share = fixture();
    const host = await share.greeted([], ['--stubborn']);
    const [first = 0] = share.pids();
    process.kill(share.box.daemons()[0] ?? 0, 'SIGKILL');
    // The first call may still have gone to the broker that was killed.
    await host.call(1, { say: 'lost' });
    expect((await host.call(2, { say: 'after' })).result?.say).toBe('after');
    await eventually('the end of the first server', () => !isAlive(first));
    await host.end();
    await share.box.run(['stop', '--all']);
    await eventually('the end of the second', () => share.living().length === 0);
  });

  it('server and broker are killed again and again under load: every request ends once, and nobody reconnects', async () => {
    const rounds = Number(process.env.SOLOD_ROUNDS ?? 5);
    const share = fixture();
    const hosts = await Promise.all([share.greeted(), share.greeted(), share.greeted()]);
    let isOver = false;
    const counts = { answered: 0, failed: 0 };
    const load = hosts.map(async (host, n) => {
      for (let id = 0; !isOver; id++) {
        const { result, error } = await host.call(id, { say: `${n}:${id}`, delayMs: id % 5 });
        if (error !== undefined) counts.failed += 1;
        else {
          expect(result?.say).toBe(`${n}:${id}`);
          counts.answered += 1;
        }
      }
    });
    for (let round = 0; round < rounds; round++) {
      const before = counts.answered;
      await eventually('some answers', () => counts.answered > before + 5);
      const victims = round % 2 === 0 ? share.living().slice(-1) : share.box.daemons();
      for (const pid of victims) process.kill(pid, 'SIGKILL');
    }
    isOver = true;
    await Promise.all(load);
    noStrays(hosts);
    expect(counts.failed).toBeLessThanOrEqual(rounds * hosts.length);
  });

  it('a server that can not start is said to its hosts, with its own words', async () => {
    const share = fixture();
    const { error } = await share.host([], ['--broken']).greet();
    expect(error?.message).toContain('there is no configuration');
  });

  it('a program that is not there ends the session with a sentence', async () => {
    const host = new Host(sandbox().start(['share', '--', 'no-such-program-here']));
    expect(await host.ended).toBe(64);
    expect(host.stderr).toContain('no-such-program-here');
  });
});

describe('nothing is left behind', () => {
  it('a host is killed: its side ends, its calls are cancelled, and the server with the last one', async () => {
    const share = fixture();
    const { box } = share;
    const script = path.join(box.path, 'host.mjs');
    writeFileSync(
      script,
      `import { spawn } from 'node:child_process';
       const [node, ...args] = process.argv.slice(2);
       const child = spawn(node, args, { stdio: ['pipe', 'pipe', 'inherit'] });
       child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {} } }) + '\\n');
       child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { arguments: { delayMs: 60000 } } }) + '\\n');
       child.stdout.once('data', () => console.log(child.pid));
       setInterval(() => {}, 1000);`,
    );
    const solod = path.resolve(import.meta.dirname, '../../../dist/solod.cjs');
    const host = box.spawn(process.execPath, [
      script,
      process.execPath,
      solod,
      ...share.args(['--idle-timeout=200ms']),
    ]);
    const side = await new Promise<number>((resolve) =>
      host.stdout?.once('data', (bytes: Buffer) => resolve(Number(bytes.toString()))),
    );
    host.kill('SIGKILL');
    await eventually('the end of its side', () => !isAlive(side));
    await eventually('the end of the server', () => share.living().length === 0);
  });

  it('a host that closes stdin is answered what it asked before', async () => {
    const share = fixture();
    const host = await share.greeted();
    const answer = host.call(1, { say: 'last', delayMs: 100 });
    expect(await host.end()).toBe(0);
    expect((await answer).result?.say).toBe('last');
  });

  it.each([['--deaf'], ['--stubborn']])(
    'a process per client ends with its client, %s or not',
    async (flag) => {
      const share = fixture();
      const [one, two] = await Promise.all([
        share.greeted(['--per-client'], [flag]),
        share.greeted(['--per-client'], [flag]),
      ]);
      expect(share.living()).toHaveLength(2);
      await one.end();
      await eventually('the end of one server', () => share.living().length === 1);
      expect((await two.call(1, { say: 'here' })).result?.say).toBe('here');
      await two.end();
      await eventually('the end of the other', () => share.living().length === 0);
    },
  );

  it('without a daemon the server runs for its session alone, and ends with it', async () => {
    const share = fixture();
    const host = share.host([], ['--deaf'], { SOLOD: 'off' });
    await host.greet();
    expect((await host.call(1, { say: 'here' })).result?.say).toBe('here');
    expect(share.box.daemons()).toEqual([]);
    expect(await host.end()).toBe(0);
    expect(share.living()).toEqual([]);
  });
});

describe('what it tells', () => {
  it('ls: servers, clients, and what is saved', async () => {
    const share = fixture();
    const hosts = await Promise.all([share.greeted(), share.greeted()]);
    const waiting = hosts[0]?.call(1, { delayMs: 60_000 });
    await hosts[0]?.call(2, { say: 'x' });
    const { stdout } = await share.box.run(['share', 'ls', '--json']);
    const [facts, ...others] = JSON.parse(stdout.toString());
    expect(others).toEqual([]);
    expect(facts).toMatchObject({
      clients: 2,
      inFlight: 1,
      sharing: 'shared',
      processes: [{ pid: share.pids()[0] }],
    });
    expect(facts.savedBytes).toBe(facts.residentBytes);
    const text = (await share.box.run(['share', 'ls'])).stdout.toString();
    expect(text).toMatch(/server\.mjs .*: pid \d+, 2 clients, 1 in flight, \d+ MiB, \d+ MiB saved\n$/);
    for (const host of hosts) await host.end();
    await waiting;
  });

  it.each([
    [['share', '--nonsense', '--', 'x'], "unknown option '--nonsense'"],
    [['share'], 'no command to share is given'],
    [['share', 'x'], '"x" is not an option'],
    [['share', '--idle-timeout=soon', '--', 'x'], 'not a duration'],
    [['share', 'ls', 'x'], '"x" is one word too many'],
    [['share', 'install'], 'no settings file is given'],
  ])('%j is a mistake: a sentence, and exit code 64', async (argv, says) => {
    const { code, stdout, stderr } = await sandbox().run(argv);
    expect([code, stdout.toString()]).toEqual([64, '']);
    expect(stderr).toMatch(/^solod: /);
    expect(stderr).toContain(says);
  });

  it('ls finds a broker whose state directory has too long a path for sockets, and so does stop', async () => {
    const share = fixture();
    const env = { SOLOD_DIR: path.join(share.box.path, 'd'.repeat(100)) };
    const host = share.host([], [], env);
    await host.greet();
    const { stdout } = await share.box.run(['share', 'ls', '--json'], { env });
    expect(JSON.parse(stdout.toString())).toMatchObject([{ clients: 1 }]);
    await host.end();
    const stopped = await share.box.run(['stop', '--all', '--json'], { env });
    expect(JSON.parse(stopped.stdout.toString())).toMatchObject([{ name: 'share' }]);
  });

  it('ls starts no broker', async () => {
    const box = sandbox();
    expect((await box.run(['share', 'ls'])).stdout.toString()).toBe('nothing is shared\n');
    expect(box.daemons()).toEqual([]);
  });

  it('explain: what would be shared with whom, and why not, without any secret', async () => {
    const share = fixture();
    const explained = async (env: Record<string, string> = {}) =>
      (await share.box.run(share.args(['--explain']), { env })).stdout.toString();
    expect(await explained()).toContain('it would start a process');
    await share.greeted();
    expect(await explained({ TERM: 'any' })).toContain(`it would join pid ${share.pids()[0]}`);
    const other = await explained({ API_TOKEN: 'secret-value' });
    expect(other).toContain(
      `it would not join pid ${share.pids()[0]}, which differs: the variable API_TOKEN`,
    );
    expect(other).not.toContain('secret-value');
    expect(share.pids()).toHaveLength(1);
  });

  it('a server that has sessions by its capabilities is not shared, and says so; --shared shares it', async () => {
    const share = fixture();
    const hosts = [await share.greeted([], ['--sessions']), await share.greeted([], ['--sessions'])];
    const answers = await Promise.all(hosts.map((host) => host.call(1, { say: 'x' })));
    expect(new Set(answers.map(({ result }) => result?.pid)).size).toBe(2);
    for (const { stderr } of hosts) expect(stderr).toContain('has a process of its own');
    await eventually('the end of the first server', () => share.living().length === 2);
    const together = await Promise.all([1, 2].map(() => share.greeted(['--shared'], ['--sessions'])));
    const shared = await Promise.all(together.map((host) => host.call(1, { say: 'x' })));
    expect(new Set(shared.map(({ result }) => result?.pid)).size).toBe(1);
    for (const { stderr } of together) expect(stderr).toBe('');
    noStrays([...hosts, ...together]);
    expect(hosts.flatMap(({ notifications }) => notifications)).toEqual([]);
  });

  it('a server that is known to keep state per session is not shared, and says so', async () => {
    const share = fixture();
    const hosts = [0, 1].map(() => share.host([], ['chrome-devtools-mcp@latest']));
    await Promise.all(hosts.map((host) => host.greet()));
    expect(share.pids()).toHaveLength(2);
    expect(hosts[0]?.stderr).toContain('chrome-devtools-mcp keeps an open browser');
  });

  it('install and uninstall: a settings file, there and back again', async () => {
    const share = fixture();
    const file = path.join(share.box.path, 'mcp.json');
    const [command, ...args] = share.command();
    const text = JSON.stringify({ mcpServers: { fixture: { command, args } } }, null, 2);
    writeFileSync(file, text, { mode: 0o640 });
    expect((await share.box.run(['share', 'install', '--dry-run', file])).stdout.toString()).toContain(
      '"share", "--"',
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
    await share.box.run(['share', 'install', file]);
    const { fixture: shared } = JSON.parse(readFileSync(file, 'utf8')).mcpServers;
    const host = new Host(share.box.spawn(shared.command, shared.args));
    await host.greet();
    expect((await host.call(1, { say: 'x' })).result?.say).toBe('x');
    expect(share.box.daemons()).toHaveLength(1);
    expect((await share.box.run(['share', 'uninstall', file])).stdout.toString()).toContain(
      'fixture not shared any more',
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });
});
