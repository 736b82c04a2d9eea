// `npm run stryker`: Stryker mutates the whole domain. See ARCHITECTURE.md, "Mutants".
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
  // The runner counts hits to find a mutant that loops. A busy machine must not look like one.
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 30,
  thresholds: { high: 95, low: 90, break: 90 },
  // Stryker works on a copy, which needs the domain, the memory adapters and their tests only.
  ignorePatterns: [
    '.*',
    'dist',
    'docs',
    'examples',
    'reports',
    'src/app',
    'test/{app,process,contract,tidy}',
  ],
  // To read tsconfig.json, Stryker calls an interface of the compiler that TypeScript 7 no longer has.
  tsconfigFile: 'none',
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  reporters: [isTerminal ? 'progress' : 'progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: isTerminal, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutants.json' },
  allowConsoleColors: isTerminal,
};
