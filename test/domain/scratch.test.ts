import { it, expect } from 'vitest';
import { explore, startReadyRace } from '../support/races.js';
for (const n of [2,3])
it('speed'+n, async () => {
  const t = performance.now();
  const r = await explore(() => startReadyRace(n, async () => {}), () => {});
  console.log(r, performance.now() - t);
}, 600000);
