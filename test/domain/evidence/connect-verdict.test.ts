/** What each answer of connect(2) means, on each platform. */

import { describe, expect, it } from 'vitest';
import { judgeConnect, type ProbeVerdict } from '../../../src/domain/evidence/connect-verdict.js';
import type { Platform } from '../../../src/domain/place/layout.js';

type Kind = ProbeVerdict['kind'];

const EXPECTED: Readonly<Record<string, Readonly<Record<Platform, Kind>>>> = {
  ENOENT: { linux: 'absent', darwin: 'absent' },
  ENOTDIR: { linux: 'dead', darwin: 'dead' },
  ELOOP: { linux: 'dead', darwin: 'dead' },
  EPROTOTYPE: { linux: 'dead', darwin: 'dead' },
  ECONNREFUSED: { linux: 'dead', darwin: 'closed-or-full' },
  EAGAIN: { linux: 'alive', darwin: 'unknown' },
  EINPROGRESS: { linux: 'alive', darwin: 'alive' },
  ECONNRESET: { linux: 'alive', darwin: 'alive' },
  EPIPE: { linux: 'alive', darwin: 'alive' },
  EACCES: { linux: 'unknown', darwin: 'unknown' },
  EPERM: { linux: 'unknown', darwin: 'unknown' },
  EMFILE: { linux: 'unknown', darwin: 'unknown' },
  ENFILE: { linux: 'unknown', darwin: 'unknown' },
  ENOBUFS: { linux: 'unknown', darwin: 'unknown' },
  ENOMEM: { linux: 'unknown', darwin: 'unknown' },
  ETIMEDOUT: { linux: 'unknown', darwin: 'unknown' },
  EINVAL: { linux: 'unknown', darwin: 'unknown' },
  ENAMETOOLONG: { linux: 'unknown', darwin: 'unknown' },
  EWHATEVER: { linux: 'unknown', darwin: 'unknown' },
  '': { linux: 'unknown', darwin: 'unknown' },
};

describe.each(['linux', 'darwin'] as const)('on %s', (platform) => {
  it('a connection that succeeds means that a daemon listens', () => {
    expect(judgeConnect({ kind: 'connected' }, platform)).toEqual({ kind: 'alive' });
  });

  it('silence is not evidence', () => {
    const verdict = judgeConnect({ kind: 'silent' }, platform);
    expect(verdict).toMatchObject({ kind: 'unknown', cause: { code: 'ETIMEDOUT' } });
  });

  it.each(Object.entries(EXPECTED))('%s', (code, { [platform]: kind }) => {
    const cause = { code, message: `connect: ${code}` };
    const expected = kind === 'unknown' ? { kind, cause } : { kind };
    expect(judgeConnect({ kind: 'errno', cause }, platform)).toEqual(expected);
  });
});

it.each(['linux', 'darwin'] as const)('on %s, a code that stands for several proves nothing', (platform) => {
  for (const code of Object.keys(EXPECTED)) {
    const reading = { kind: 'vague-errno', cause: { code, message: '' } } as const;
    expect(judgeConnect(reading, platform)).toEqual({ kind: 'closed-or-full' });
  }
});

it('macOS: what is not a socket is dead', () => {
  const reading = { kind: 'errno', cause: { code: 'ENOTSOCK', message: '' } } as const;
  expect(judgeConnect(reading, 'darwin')).toEqual({ kind: 'dead' });
});
