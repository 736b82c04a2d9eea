import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The file that a started daemon runs: it stands beside whatever bundle this is part of, ES module or CommonJS. */
export function daemonFile(): string {
  const here = typeof __dirname === 'string' ? __dirname : dirname(fileURLToPath(import.meta.url));
  return join(here, 'daemon.cjs');
}
