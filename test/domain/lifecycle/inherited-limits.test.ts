import { describe, expect, test } from 'vitest';
import { judgeLimits, type LimitsReading } from '../../../src/domain/lifecycle/inherited-limits.js';

const ROOT = '000001ffffffffff';

interface Limits {
  readonly cpu?: string;
  readonly files?: string;
  readonly space?: string;
  readonly stack?: string;
}

function reading(limits: Limits, capabilities = '0', more: Partial<LimitsReading> = {}): LimitsReading {
  const none = 'unlimited            unlimited';
  return {
    limits: `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              ${limits.cpu ?? none}            seconds
Max file size             ${none}            bytes
Max data size             ${none}            bytes
Max stack size            ${limits.stack ?? '8388608              unlimited'}            bytes
Max open files            ${limits.files ?? '1024                 1048576'}              files
Max address space         ${limits.space ?? none}            bytes
`,
    status: `CapEff:\t${capabilities}\nCpus_allowed_list:\t0-1\n`,
    policy: 0,
    processors: '0-1',
    ...more,
  };
}

describe('the limits that a process inherits', () => {
  test.each<[string, LimitsReading, object]>([
    ['the limits of a login are free', reading({}), { kind: 'free' }],
    [
      'unreadable limits count as free',
      { limits: '', status: '', policy: 0, processors: '' },
      { kind: 'free' },
    ],
    [
      'a soft limit is raised',
      reading({ cpu: '10 unlimited' }),
      { kind: 'liftable', lines: ['ulimit -S -t unlimited || :'] },
    ],
    ['a hard limit binds', reading({ cpu: '10 10' }), { kind: 'bound', what: 'processor time (ulimit -t)' }],
    [
      'a hard limit of memory binds',
      reading({ space: '9000000 9000000' }),
      { kind: 'bound', what: 'memory (ulimit -v)' },
    ],
    [
      'a hard limit of few files binds',
      reading({ files: '64 64' }),
      { kind: 'bound', what: 'open files (ulimit -n)' },
    ],
    ['a soft limit of few files does not bind', reading({ files: '64 1024' }), { kind: 'free' }],
    [
      'a process that may raise hard limits does',
      reading({ cpu: '10 10', files: '64 64' }, ROOT),
      { kind: 'liftable', lines: ['ulimit -t unlimited || :', 'ulimit -n 1024 || :'] },
    ],
    [
      'a short stack is raised to the usual size',
      reading({ stack: '102400 unlimited' }),
      { kind: 'liftable', lines: ['ulimit -S -s 8192 || :'] },
    ],
    [
      'a short stack that can not be raised is accepted',
      reading({ stack: '102400 102400' }),
      { kind: 'free' },
    ],
    [
      'processors and policy are reset',
      reading({}, '0', { processors: '0-7', policy: 3 }),
      {
        kind: 'liftable',
        lines: ['taskset -cp 0-7 $$ >/dev/null 2>&1 || :', 'chrt -o -p 0 $$ >/dev/null 2>&1 || :'],
      },
    ],
  ])('%s', (_, seen, verdict) => {
    expect(judgeLimits(seen)).toEqual(verdict);
  });
});
