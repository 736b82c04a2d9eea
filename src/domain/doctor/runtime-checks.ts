/** What solod runs on: Node, the platform, the environment, the native client. */

import { compareVersions } from '../evidence/version-order.js';
import type { Platform } from '../place/layout.js';
import { note, ok, problem, type SymptomsOf, type Tellers } from './finding-parts.js';

export interface RuntimeReading {
  readonly platform: Platform;
  /** As `process.versions.node` has it. */
  readonly node: string;
  readonly solod: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The state directory, and whether an option named it. */
  readonly root: string;
  readonly namedBy: 'option' | 'environment';
}

/** package.json's `engines`. */
export const NODE_FLOOR = '20.19.0';

export function symptomsOfRuntime(reading: RuntimeReading): RuntimeSymptom[] {
  const { node, platform, solod } = reading;
  const runtime: RuntimeSymptom =
    compareVersions(node, NODE_FLOOR) < 0
      ? { kind: 'node-too-old', node, floor: NODE_FLOOR }
      : { kind: 'runtime', node, platform, solod };
  return [runtime, ...(reading.namedBy === 'option' ? [] : symptomsOfVariables(reading))];
}

function symptomsOfVariables({ env, root, platform }: RuntimeReading): RuntimeSymptom[] {
  const { SOLOD_DIR } = env;
  if (SOLOD_DIR)
    return isRelative(SOLOD_DIR, platform) ? [{ kind: 'relative-root', value: SOLOD_DIR, path: root }] : [];
  return ['XDG_RUNTIME_DIR', 'XDG_STATE_HOME'].flatMap((variable): RuntimeSymptom[] => {
    const value = env[variable];
    return value && isRelative(value, platform) ? [{ kind: 'relative-ignored', variable, value }] : [];
  });
}

/** On Windows a path is absolute by its drive, or by two separators. */
const ABSOLUTE: Readonly<Record<Platform, RegExp>> = {
  linux: /^\//,
  darwin: /^\//,
  win32: /^(?:[A-Za-z]:)?[\\/]/,
};

const isRelative = (path: string, platform: Platform): boolean => !ABSOLUTE[platform].test(path);

/** The environment is all there is to point at. */
const HERE = 'environment';

export const RUNTIME_TELLERS = {
  runtime: ({ node, platform, solod }: { node: string; platform: Platform; solod: string }) =>
    ok(HERE, `solod ${solod} on Node ${node}, ${platform}`),
  'platform-unsupported': ({ platform }: { platform: string }) =>
    problem(HERE, `solod does not run on ${platform}: it needs Unix sockets`, 'run it on Linux or macOS'),
  'node-too-old': ({ node, floor }: { node: string; floor: string }) =>
    problem(HERE, `Node ${node} is older than ${floor}`, `run solod with Node ${floor} or newer`),
  'native-client': ({ path }: { path: string }) =>
    ok(path, 'the native client, which calls without starting Node'),
  'native-client-missing': ({ package: name }: { package: string }) =>
    note(
      HERE,
      `the native client (${name}) is not installed; everything works without it, but each call starts Node, some 40 ms instead of 2`,
      'install solod with its optional dependencies if it is called often',
    ),
  'native-client-unusable': ({ path, why }: { path: string; why: string }) =>
    note(
      path,
      `the native client can't be used (${why}); everything works without it, but each call starts Node, some 40 ms instead of 2`,
      'install solod again, for this processor',
    ),
  'native-client-differs': ({ path, version, solod }: { path: string; version: string; solod: string }) =>
    note(
      path,
      `the native client says that it is solod ${JSON.stringify(version)}, and this is ${solod}: it answers calls and kicks, this does the rest`,
      'install solod again, with its optional dependencies',
    ),
  'relative-ignored': ({ variable, value }: { variable: string; value: string }) =>
    note(
      HERE,
      `${variable} is the relative path ${JSON.stringify(value)} and is ignored`,
      `set ${variable} to an absolute path`,
    ),
  'relative-root': ({ value, path }: { value: string; path: string }) =>
    note(
      path,
      `SOLOD_DIR is the relative path ${JSON.stringify(value)}: callers in another working directory look elsewhere`,
      'set SOLOD_DIR to an absolute path',
    ),
} as const satisfies Tellers;

export type RuntimeSymptom = SymptomsOf<typeof RUNTIME_TELLERS>;
