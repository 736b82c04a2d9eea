/** What does not keep a rule yet. An entry that is no longer needed fails its test, so these lists only shrink. */

/** Files with comments of more than 110 characters a line. */
export const WIDE_FILES: readonly string[] = [
  'scripts/build.mjs',
  'scripts/native.mjs',
  'scripts/rust-toolchain.mjs',
  'src/adapters/memory/clock.ts',
  'src/adapters/memory/files/disk.ts',
  'src/adapters/memory/held-calls.ts',
  'src/adapters/memory/memory-machine.ts',
  'src/adapters/memory/memory-process.ts',
  'src/adapters/memory/memory-sockets.ts',
  'src/adapters/memory/memory-spawner.ts',
  'src/adapters/memory/network.ts',
  'src/adapters/memory/stream-pair.ts',
  'src/adapters/node/processes/inherited-descriptors.ts',
  'src/adapters/node/processes/process-table.ts',
  'src/adapters/node/processes/spawner.ts',
  'src/adapters/node/processes/start-channel.ts',
  'src/app/commands/install/manager-setup.ts',
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
  'src/app/environment/bundle-files.ts',
  'src/app/environment/daemon-switch.ts',
  'src/app/environment/native-client.ts',
  'src/app/environment/state-root.ts',
  'src/app/environment/sync-stdout.ts',
  'src/app/environment/terminals.ts',
  'src/app/library/call-service.ts',
  'src/app/library/create-solod.ts',
  'src/app/library/daemon-request.ts',
  'src/app/library/daemon-target.ts',
  'src/app/entry/index.ts',
  'src/app/library/memory-daemon.ts',
  'src/app/library/obtain-daemon.ts',
  'src/app/entry/testing.ts',
  'src/app/platforms/host.ts',
  'src/app/platforms/memory-platform.ts',
  'src/app/platforms/node-platform.ts',
  'src/domain/evidence/edition.ts',
  'src/domain/place/layout.ts',
  'test/app/commands/installer.test.ts',
  'test/app/environment/exit-codes.test.ts',
  'test/app/wire/support.ts',
  'test/bench/results.test.ts',
  'test/contract/memfs.test.ts',
  'test/fuzz/decoder.test.ts',
  'test/native/package.test.ts',
  'test/native/protocol.test.ts',
  'test/native/toolchain.test.ts',
  'test/package/embedding.test.ts',
  'test/process/commands/spawns-and-stats.test.ts',
  'test/process/daemon/supervised.test.ts',
  'test/process/machine/unusual-machines.test.ts',
  'test/support/plain-platform.ts',
  'test/tidy/ambient-state.test.ts',
  'test/tidy/english.test.ts',
  'test/tidy/exceptions.ts',
  'test/tidy/repository.ts',
  'tools/house/house.mjs',
  'tools/house/import-graph.mjs',
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
