/** How a daemon is, compared with the process that asks. */

import { describe, expect, it } from 'vitest';
import {
  type Caller,
  type OwnerReading,
  type ProcessSight,
  symptomOfSilence,
  symptomsOfOwner,
  symptomsOfProcess,
  symptomsOfVersions,
} from '../../../src/domain/doctor/daemon-checks.js';
import { HOME, identityOf, ownerOf } from '../../support/plans.js';
import { kinds, refusal } from './kinds.js';

describe('a daemon', () => {
  const process = { pid: 7, startTime: '1' };
  const seen = (changes: Partial<OwnerReading> = {}): OwnerReading => ({
    owner: ownerOf(process),
    self: identityOf({ pid: 8, startTime: '2' }),
    process: { kind: 'present', startTime: '1', activity: 'running' },
    wallMs: 10,
    ...changes,
  });

  it('that is silent is stopped, busy, or unreachable', () => {
    const stopped = seen({ process: { kind: 'present', startTime: '1', activity: 'stopped' } });
    const later = seen({ process: { kind: 'present', startTime: '9', activity: 'stopped' } });
    const silence = (owner: OwnerReading | undefined, code: string) =>
      symptomOfSilence(HOME, owner, refusal(code)).kind;
    expect(silence(stopped, 'ETIMEDOUT')).toBe('daemon-stopped');
    expect(silence(later, 'ETIMEDOUT')).toBe('daemon-silent');
    expect(silence(undefined, 'EAGAIN')).toBe('daemon-silent');
    expect(silence(seen(), 'EPERM')).toBe('connect-refused');
  });

  it('with another release, pid namespace or time is reported', () => {
    const owner = { ...ownerOf(process), solod: '1', pidNamespace: 'other', startedMs: 5_000 };
    expect(kinds(symptomsOfOwner(HOME, seen({ owner }), '2'))).toEqual([
      'pid-namespace-differs',
      'version-differs',
      'from-the-future',
    ]);
    expect(symptomsOfOwner(HOME, seen(), '0.0.0')).toEqual([]);
    expect(kinds(symptomsOfVersions('/d', ['2', '1', '', '2']))).toEqual(['several-versions']);
    expect(symptomsOfVersions('/d', ['1', '1', ''])).toEqual([]);
  });

  const known = <T>(value: T) => ({ kind: 'known', value }) as const;
  const failed = { kind: 'failed', cause: refusal('EACCES') } as const;
  const caller: Caller = {
    env: { HOME: '/h', SOLOD_DIR: '/s' },
    networkNamespace: known('net:1'),
    rootOf: (env) => env.SOLOD_DIR ?? '/default',
  };
  const look = (changes: Partial<ProcessSight>): string[] =>
    kinds(
      symptomsOfProcess(
        HOME,
        7,
        {
          environment: known(caller.env),
          networkNamespace: known('net:1'),
          signal: { kind: 'allowed' },
          ...changes,
        },
        caller,
      ),
    );

  it('with another environment, network or sandbox is reported', () => {
    expect(look({})).toEqual([]);
    expect(look({ environment: known({ HOME: '/x', TMPDIR: '/t', SOLOD_DIR: '/s' }) })).toEqual([
      'environment-differs',
      'environment-differs',
    ]);
    expect(look({ environment: known({ HOME: '/h', SOLOD_DIR: '/t' }) })).toEqual(['root-differs']);
    // A daemon does not inherit it.
    expect(look({ environment: known({ HOME: '/h' }) })).toEqual([]);
    expect(look({ environment: known({ HOME: '/h', SOLOD_DIR: 'relative' }) })).toEqual([]);
    expect(look({ networkNamespace: known('net:2') })).toEqual(['network-namespace-differs']);
    expect(look({ signal: { kind: 'refused', cause: refusal('EPERM') } })).toEqual(['signal-refused']);
    expect(look({ environment: failed, networkNamespace: failed })).toEqual([
      'environment-unknown',
      'namespace-unknown',
    ]);
  });
});
