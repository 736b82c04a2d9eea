// `npm run stryker`: mutants that a tool thinks of, over the whole domain. See ARCHITECTURE.md, "Mutants".
const isTerminal = process.stdout.isTTY === true;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  packageManager: 'npm',
  plugins: ['./tools/mutants/stryker-runner.mjs'],
  mutate: ['src/domain/**/*.ts'],
  testRunner: 'in-process',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  // What loops is found by counting; the clock must not take a busy machine for a loop.
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 30,
  thresholds: { high: 95, low: 90, break: 90 },
  // The copy that it works on needs no more than the domain, the memory adapters and their tests.
  ignorePatterns: [
    '.*',
    'dist',
    'docs',
    'examples',
    'reports',
    'src/app',
    'test/{process,wire,contract,tidy}',
  ],
  // Its own reading of tsconfig.json asks the compiler for an interface that TypeScript 7 no longer has.
  tsconfigFile: 'none',
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  reporters: [isTerminal ? 'progress' : 'progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: isTerminal, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutants.json' },
  allowConsoleColors: isTerminal,
};
