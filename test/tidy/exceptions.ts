/**
 * What does not keep a rule yet. An entry that is no longer needed fails its test, so these lists only
 * shrink.
 */

/** Files with comments of more than 110 characters a line. */
export const WIDE_FILES: readonly string[] = [
  'scripts/build.mjs',
  'src/app/daemon/daemon.ts',
  'src/app/daemon/defer-to-manager.ts',
  'src/app/daemon/edition-check.ts',
  'src/app/daemon/handed-socket.ts',
  'src/app/daemon/retirement.ts',
  'src/app/daemon/service-manager.ts',
  'src/app/daemon/watch.ts',
  'src/app/entry/composition.ts',
  'src/app/entry/main.ts',
  'src/app/entry/warm-call-streams.ts',
  'src/app/entry/warm-call.ts',
  'src/app/library/call-service.ts',
  'src/app/entry/index.ts',
  'src/app/entry/testing.ts',
  'test/app/wire/support.ts',
  'test/bench/results.test.ts',
  'test/process/machine/unusual-machines.test.ts',
];

/** Functions of more than 60 lines. */
export const LONG_FUNCTIONS: readonly string[] = [];

/** Files of src with more than 400 lines. */
export const LONG_FILES: readonly string[] = [];

/** Folders with more than 15 files of their own. */
export const CROWDED_FOLDERS: readonly string[] = [];

/** Base names that stand twice in src. */
export const NAMES_USED_TWICE: readonly string[] = [];

/** Files with phrases that `english.test.ts` lists. */
export const STILTED_FILES: readonly string[] = [
  'src/app/service/run-service.ts',
  'test/app/wire/server.test.ts',
  'test/domain/place/layout.test.ts',
  'test/domain/place/state-directory.test.ts',
  'test/process/daemon/daemon-life.test.ts',
  'test/process/daemon/supervised.test.ts',
];

/** Files that write "solod: " themselves, or look for it. */
export const OTHER_SPEAKERS: readonly string[] = [];

/** What documents name and does not exist. */
export const MISSING_PATHS: readonly string[] = [];
