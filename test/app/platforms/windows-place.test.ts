/** Paths of Windows, on any system. */

import { expect, it } from 'vitest';
import { windowsPlace } from '../../../src/app/platforms/windows-place.js';

const told = (env: Readonly<Record<string, string>>, directory = 'C:\\Users\\u'): string => {
  const place = windowsPlace(env, directory);
  if (place.kind === 'place') return place.root;
  return place.kind === 'distrusted' ? `${place.why} ${place.path}` : place.kind;
};

it.each([
  ['C:\\State', 'C:\\State'],
  ['state', 'C:\\Users\\u\\state'],
  ['c:/a b/é', 'c:\\a b\\é'],
  ['\\\\server\\share\\x', '\\\\server\\share\\x'],
  // As every other program reads them.
  ['state.', 'C:\\Users\\u\\state'],
  ['C:\\a. \\b . .', 'C:\\a\\b'],
  ['C:\\...\\b', 'C:\\b'],
  ['C:\\', 'C:\\'],
  // Node takes this one literally, and so does everybody.
  ['\\\\?\\C:\\a.', '\\\\?\\C:\\a.'],
])('%j names the directory %j', (named, root) => {
  expect(told({ SOLOD_DIR: named })).toBe(root);
});

it.each(['nul', 'NUL', 'C:\\con', 'C:\\aux\\x', 'C:\\lpt9.txt', 'com1 .x', 'C:\\com\xb2', 'conin$', 'prn.'])(
  '%j names a device',
  (named) => {
    expect(told({ SOLOD_DIR: named })).toMatch(/^no-directory C:/);
  },
);

it.each(['a?b', 'a*', 'C:\\a|b', 'C:\\a:b', 'C:\\<a>', 'a"b', 'a\nb'])('%j names nothing', (named) => {
  expect(told({ SOLOD_DIR: named })).toMatch(/^no-directory C:/);
});

it.each(['console', 'nul-1', 'com10', 'lpt', 'a.con', 'aux1'])('%j is not a device', (named) => {
  expect(told({ SOLOD_DIR: named })).toBe(`C:\\Users\\u\\${named}`);
});

it('else it is in the profile', () => {
  expect(told({ LOCALAPPDATA: 'C:\\Users\\u\\L' })).toBe('C:\\Users\\u\\L\\solod');
  expect(told({ LOCALAPPDATA: 'L', USERPROFILE: 'C:\\Users\\u' })).toBe(
    'C:\\Users\\u\\AppData\\Local\\solod',
  );
  expect(told({})).toBe('no-home');
  expect(told({ SOLOD_DIR: 'x' }, '')).toBe('no-directory');
});
