/** What each answer of connect(2) means, on each platform. */

import { describe, expect, it } from 'vitest';
import { judgeConnect, type ProbeVerdict } from '../../../src/domain/evidence/connect-verdict.js';
import type { Platform } from '../../../src/domain/place/layout.js';

type Kind = ProbeVerdict['kind'];

const EXPECTED: Readonly<Record<string, Readonly<Record<Platform, Kind>>>> = {
  ENOENT: { linux: 'absent', darwin: 'absent', win32: 'absent' },
  ENOTDIR: { linux: 'dead', darwin: 'dead', win32: 'closed-or-full' },
  ELOOP: { linux: 'dead', darwin: 'dead', win32: 'closed-or-full' },
  EPROTOTYPE: { linux: 'dead', darwin: 'dead', win32: 'closed-or-full' },
  ECONNREFUSED: { linux: 'dead', darwin: 'closed-or-full', win32: 'dead' },
  EAGAIN: { linux: 'alive', darwin: 'unknown', win32: 'closed-or-full' },
  EINPROGRESS: { linux: 'alive', darwin: 'alive', win32: 'closed-or-full' },
  ECONNRESET: { linux: 'alive', darwin: 'alive', win32: 'closed-or-full' },
  EPIPE: { linux: 'alive', darwin: 'alive', win32: 'closed-or-full' },
  EACCES: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EPERM: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EMFILE: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  ENFILE: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  ENOBUFS: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  ENOMEM: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  ETIMEDOUT: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EINVAL: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  ENAMETOOLONG: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EAUTH: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EOF: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  EWHATEVER: { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
  '': { linux: 'unknown', darwin: 'unknown', win32: 'closed-or-full' },
};

describe.each(['linux', 'darwin', 'win32'] as const)('on %s', (platform) => {
  it('a connection that succeeds means that a daemon listens', () => {
    expect(judgeConnect({ kind: 'connected' }, platform)).toEqual({ kind: 'alive' });
  });

  it('silence is not evidence', () => {
    const verdict = judgeConnect({ kind: 'silent' }, platform);
    // On Windows it calls for the second witness, which is always there.
    if (platform === 'win32') expect(verdict).toEqual({ kind: 'closed-or-full' });
    else expect(verdict).toMatchObject({ kind: 'unknown', cause: { code: 'ETIMEDOUT' } });
  });

  it.each(Object.entries(EXPECTED))('%s', (code, { [platform]: kind }) => {
    const cause = { code, message: `connect: ${code}` };
    const expected = kind === 'unknown' ? { kind, cause } : { kind };
    expect(judgeConnect({ kind: 'errno', cause }, platform)).toEqual(expected);
  });
});

it.each(['linux', 'darwin', 'win32'] as const)(
  'on %s, a code that stands for several proves nothing',
  (platform) => {
    for (const code of Object.keys(EXPECTED)) {
      const reading = { kind: 'vague-errno', cause: { code, message: '' } } as const;
      expect(judgeConnect(reading, platform)).toEqual({ kind: 'closed-or-full' });
    }
  },
);

it('macOS: what is not a socket is dead', () => {
  const reading = { kind: 'errno', cause: { code: 'ENOTSOCK', message: '' } } as const;
  expect(judgeConnect(reading, 'darwin')).toEqual({ kind: 'dead' });
});
