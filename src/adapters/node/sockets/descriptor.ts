import type { Server, Socket } from 'node:net';

/** Node has no public way to tell it. @returns undefined if it is closed, or if the runtime hides it */
export function descriptorOf(of: Server | Socket): number | undefined {
  const { _handle: handle } = of as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
