import { defineConfig } from 'vitest/config';

/** What starts whole processes, or needs a build. Everything else is a unit test. */
const END_TO_END = [
  'test/bench/launcher.test.ts',
  'test/conformance/{native,node}.test.ts',
  'test/conformance/claims/claims-on-disk.test.ts',
  'test/conformance/places/disk.test.ts',
  'test/native/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/process/**/*.test.ts',
  'test/rivals/gate.test.ts',
];

export default defineConfig({
  test: {
    setupFiles: ['test/support/environment.ts'],
    // Machines with few cores, busy with other things, start whole processes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 4,
    projects: [
      {
        extends: true,
        // Files share a process: a third of the time would go into loading the same modules again.
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: END_TO_END, isolate: false },
      },
      { extends: true, test: { name: 'e2e', include: END_TO_END } },
    ],
  },
});
