/** The native client runs the scenarios on real directories. */

import { beforeAll, describe, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../native/client.js';
import { endsAsItShould } from './run-on-disk.js';
import { scenariosFor } from './scenario.js';

describe.skipIf(!hasCargo)(`natively${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it.each(scenariosFor('native'))('$name', (scenario) => endsAsItShould(scenario, [CLIENT]));
});
