import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  putShareIn,
  type SettingsEditing,
  takeShareOut,
} from '../../../../src/app/commands/share/share-settings.js';

const OWN = { program: '/n/node', args: ['/s/solod.cjs'] };

function edited(editing: SettingsEditing): Extract<SettingsEditing, { kind: 'edited' }> {
  if (editing.kind !== 'edited') throw new Error(`unreadable in line ${editing.line}`);
  return editing;
}

const BEHIND = ['/s/solod.cjs', 'share', '--', 'npx'];

describe('JSON', () => {
  it.each([
    ['Claude Code, Cursor', '{"mcpServers":{"a":{"command":"npx","args":["-y","x"],"env":{"K":"1"}}}}'],
    [
      'on several lines',
      '{\n\t"mcpServers": {\n\t\t"a": {\n\t\t\t"args": [\n\t\t\t\t"-y",\n\t\t\t\t"x"\n\t\t\t],\n\t\t\t"command": "npx"\n\t\t}\n\t}\n}\n',
    ],
    [
      'VS Code, with comments',
      '{\r\n  // mine\r\n  "servers": { "a": { "type": "stdio", "command": "npx", "args": [ "-y", "x", ], }, },\r\n}\r\n',
    ],
    ['of a project', '{"projects":{"/p":{"mcpServers":{"a":{"command":"npx","args":["-y","x"]}}}},"n":1.0}'],
  ])('%s: the server goes behind solod share, and comes back byte for byte', (_, text) => {
    const installed = edited(putShareIn(text, 'json', OWN));
    expect(installed.servers).toEqual(['a']);
    expect(installed.text).toMatch(/"\/s\/solod\.cjs", "share", "--", "npx",[ \r\n]/);
    expect(edited(putShareIn(installed.text, 'json', OWN))).toMatchObject({
      text: installed.text,
      servers: [],
    });
    expect(edited(takeShareOut(installed.text, 'json'))).toEqual({ kind: 'edited', text, servers: ['a'] });
  });

  it.each([
    '{"mcpServers":{"a":{"command":"npx"}}}',
    '{"mcpServers":{"a":{"command":"npx","args":[]}}}',
    '{"mcpServers":{"a":{"command":"npx", "args": [ ]}}}',
    '{"mcpServers":{"a":{"command":"np\\u0078","env":{}}}}',
  ])('a server without arguments: %s', (text) => {
    const installed = edited(putShareIn(text, 'json', OWN));
    expect(JSON.parse(installed.text).mcpServers.a).toMatchObject({ command: '/n/node', args: BEHIND });
    expect(edited(takeShareOut(installed.text, 'json')).text).toBe(text);
  });

  it('other servers, and what was not put in, stay as they are', () => {
    const text =
      '{"mcpServers":{"web":{"type":"http","url":"https://x"},"own":{"command":"share","args":["--"]}},"command":"x"}';
    expect(edited(takeShareOut(text, 'json'))).toEqual({ kind: 'edited', text, servers: [] });
    expect(edited(putShareIn(text, 'json', OWN)).servers).toEqual(['own']);
  });

  it('the native client has no arguments of its own', () => {
    const text = '{"mcpServers":{"a":{"command":"npx","args":["-y"]}}}';
    const installed = edited(putShareIn(text, 'json', { program: '/n/solod-client', args: [] }));
    expect(JSON.parse(installed.text).mcpServers.a).toEqual({
      command: '/n/solod-client',
      args: ['share', '--', 'npx', '-y'],
    });
    expect(edited(takeShareOut(installed.text, 'json')).text).toBe(text);
  });

  it('a mistake is told with its line', () => {
    expect(putShareIn('{\n"mcpServers":{,}\n}', 'json', OWN)).toEqual({ kind: 'unreadable', line: 2 });
  });

  it('whatever servers there are, they come back', () => {
    const server = fc.record(
      { command: fc.string(), args: fc.array(fc.string()), env: fc.dictionary(fc.string(), fc.string()) },
      { requiredKeys: ['command'] },
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), server),
        fc.constantFrom(undefined, 1, '\t'),
        (servers, indent) => {
          const text = JSON.stringify({ before: 1, mcpServers: servers, after: [null] }, null, indent);
          const isOwn = Object.values(servers).some(({ args }) => args?.includes('--'));
          fc.pre(!isOwn);
          const installed = edited(putShareIn(text, 'json', OWN));
          const expected = Object.entries(servers).map(([name, { command, args = [], ...rest }]) => [
            name,
            { ...rest, command: '/n/node', args: ['/s/solod.cjs', 'share', '--', command, ...args] },
          ]);
          expect(JSON.parse(installed.text).mcpServers).toEqual(
            JSON.parse(JSON.stringify(Object.fromEntries(expected))),
          );
          expect(edited(takeShareOut(installed.text, 'json')).text).toBe(text);
        },
      ),
    );
  });
});

describe('TOML', () => {
  const TEXT = `model = "x" # mcp_servers
command = "not mine"

[mcp_servers.a] # first
command = "npx"
args = ["-y", 'x\\y']
env = { "K" = "1" }

[mcp_servers."b c"]
args = [
  "one", # [comment]
]
command = 'tool'

[mcp_servers.b.env]
command = "no"

[mcp_servers.bare]
command = "bare"
startup_timeout_sec = 5

[mcp_servers.odd]
command = """x"""
`;

  it('servers go behind solod share, and come back byte for byte', () => {
    const installed = edited(putShareIn(TEXT, 'toml', OWN));
    expect(installed.servers).toEqual(['a', 'b c', 'bare']);
    expect(installed.text).toContain(
      'command = "/n/node"\nargs = ["/s/solod.cjs", "share", "--", "npx", "-y", \'x\\y\']',
    );
    expect(installed.text).toContain('"/s/solod.cjs", "share", "--", \'tool\',\n  "one", # [comment]');
    expect(installed.text).toContain(
      'args = [  "/s/solod.cjs", "share", "--", "bare"  ]\nstartup_timeout_sec',
    );
    expect(edited(putShareIn(installed.text, 'toml', OWN)).servers).toEqual([]);
    expect(edited(takeShareOut(installed.text, 'toml'))).toEqual({
      kind: 'edited',
      text: TEXT,
      servers: ['a', 'b c', 'bare'],
    });
  });

  it.each([
    '[mcp_servers.a]\ncommand = "x"\nargs = ["a" "b"]\n',
    'mcp_servers = { a = { command = "x" } }\n',
    '',
  ])('%s stays as it is', (text) => {
    expect(edited(putShareIn(text, 'toml', OWN))).toEqual({ kind: 'edited', text, servers: [] });
  });
});
