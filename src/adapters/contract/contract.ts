/**
 * What procedures rely on, as checks for any adapters: `solod/testing` exports them for platforms that are
 * not solod's own. Each check has a host of its own. `test/contract` asks more of solod's adapters.
 */

import type { ContractHost } from './check.js';
import { FILES, LINKS } from './file-checks.js';
import { CLOCKS, PROCESSES, WITNESSES } from './process-checks.js';
import { SOCKETS } from './socket-checks.js';

export type { ContractHost } from './check.js';

export interface ContractCheck {
  readonly name: string;
  /** Rejects, and says what is wrong, where the contract is broken. */
  run(): Promise<void>;
}

const ALL = { ...FILES, ...LINKS, ...SOCKETS, ...WITNESSES, ...PROCESSES, ...CLOCKS };

/**
 * The checks for a platform's adapters, for any test runner.
 * @param make a fresh host for each check
 */
export const adapterContract = (make: () => Promise<ContractHost>): readonly ContractCheck[] =>
  Object.entries(ALL).map(([name, check]) => ({
    name,
    run: async () => {
      const host = await make();
      try {
        await check(host, (file) => `${host.root}/${file}`);
      } finally {
        await host.dispose();
      }
    },
  }));
