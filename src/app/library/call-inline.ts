/** A call without a daemon: the same service, in the caller's own process. */

import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';
import { type Loading, loadService } from '../service/load-service.js';
import { SHARED_PROCESS } from '../service/run-service.js';
import { isShipped } from '../service/service-file.js';
import type { CallerStreams } from '../wire/client.js';
import type { CallEnd } from '../wire/conversation.js';
import { InlineConversation } from '../wire/inline-conversation.js';
import type { CallRequest } from '../wire/request.js';

export interface InlineCall extends Omit<CallRequest, 'command' | 'caller'>, CallerStreams {
  /** The real path of the service file. */
  readonly service: string;
  readonly name: string;
}

type InlineResult =
  | Extract<CallEnd, { kind: 'exited' | 'cancelled' }>
  /** The service does not load. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number };

/** Never rejects. */
export async function callInline(call: InlineCall): Promise<InlineResult> {
  const load = (): Promise<Loading> => loadService(call.service, call.name);
  const own = isShipped(call.service) ? undefined : await loadProcess();
  const loading = await (own === undefined ? load() : own.whileLoading(call.service, load));
  if (loading.kind === 'broken')
    return { kind: 'declined', message: loading.message, exitCode: EXIT.software };
  const { run, callProcess } = loading.service;
  const isShared = own === undefined || callProcess === 'shared';
  const scope = isShared ? SHARED_PROCESS : own.callProcess(call.service);
  return new InlineConversation({ ...call, command: call.name }, call, scope).run(run);
}

type Process = typeof import('../service/call-process/install.js');

/** Like `loadInline`. */
async function loadProcess(): Promise<Process> {
  return typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY
    ? import('../service/call-process/install.js')
    : loadBundle<Process>('call-process.cjs');
}
