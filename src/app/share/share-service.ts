/** The broker as a service of solod's: each session is a call, its lines are the call's streams. */

import { writeSync } from 'node:fs';
import { DEFAULT_LIMITS } from '../../domain/share/messages/share-limits.js';
import { EXIT } from '../environment/exit-codes.js';
import { VERSION } from '../environment/version.js';
import { callerHost, upstreamProcesses } from '../platforms/node-platform.js';
import { defineService, type ServiceContext } from '../service/define-service.js';
import { type Complaint, messageOf } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';
import { aloneText, Broker } from './broker.js';
import { notShared, planShare } from './plan-share.js';
import { readShareOptions } from './share-options.js';
import { sideLine } from './side-channel.js';
import { UpstreamLedger } from './upstream-ledger.js';

const host = callerHost();
let ledger: UpstreamLedger | undefined;

/** A closed descriptor or a full disk ends nothing. */
function log(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {}
}

const broker = new Broker({
  upstreams: upstreamProcesses(host),
  clock: host.clock,
  limits: DEFAULT_LIMITS,
  version: VERSION,
  nonce: host.nonce(),
  log,
  onStart: (process) => ledger?.add(process),
});

/** The last resort, when something ends this process that asks nobody. */
process.once('exit', () => broker.kill());

export default defineService({
  name: 'share',
  version: VERSION,
  callProcess: 'shared',
  run,
  life: {
    begin: (directory) => {
      ledger = new UpstreamLedger(directory, host.processes);
      ledger.endOrphans(log);
    },
    isNeeded: () => broker.isBusy,
    drain: () => broker.drain(),
  },
});

async function run(context: ServiceContext): Promise<number> {
  const [first] = context.args;
  if (first === 'ls') {
    context.stdout.write(`${JSON.stringify(broker.facts())}\n`);
    return EXIT.ok;
  }
  const reading = readShareOptions(context.args);
  if (reading.kind !== 'share')
    return refuse(context, reading.kind === 'wrong' ? reading.complaint : USAGE.malformed());
  const unfit = notShared(process.platform);
  if (unfit !== undefined) return refuse(context, unfit);
  const planned = planShare(reading.options, context.env, context.cwd);
  if (planned.kind === 'no-program') return refuse(context, USAGE.noProgram(planned.program));
  const { stateful } = planned.plan;
  if (stateful !== undefined) {
    const text = aloneText(`${stateful.name} keeps ${stateful.keeps}`);
    context.stderr.write(sideLine({ kind: 'note', text }));
  }
  await broker.serve(reading.options, planned.plan, context);
  return EXIT.ok;
}

function refuse(context: ServiceContext, complaint: Complaint): number {
  context.stderr.write(sideLine({ kind: 'refused', text: messageOf(complaint) }));
  return EXIT.usage;
}
