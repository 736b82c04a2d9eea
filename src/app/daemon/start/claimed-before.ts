/** The native client claims a name, and becomes this process, with the listener as one of its descriptors. */

import type { Socket } from 'node:net';
import { type Owner, ownerText, parseOwner } from '../../../domain/evidence/owner.js';
import { claimLayout, layout } from '../../../domain/place/layout.js';
import { type Claimed, claimedBy } from '../../library/claim-name.js';
import type { DaemonHost } from '../../platforms/host.js';
import { closeDescriptor, handedListener, isOwnSocket } from '../../platforms/node-platform.js';
import { CLAIMED_IN_VARIABLE, CLAIMED_VARIABLE } from './claim-variables.js';

const CLAIMED = /^([1-9][0-9]*):([1-9][0-9]{0,8}):([3-9])$/;

/**
 * Takes the variables out of the environment: they are meant for this process alone.
 * @param directory directory of the name
 * @returns undefined if this process has not claimed the name, or can't serve by that claim. In the second
 *   case the listener is closed, so that everybody sees a dead generation, and the caller claims anew
 */
export function takeClaim(host: DaemonHost<Socket>, directory: string): Claimed | undefined {
  const { env, files, processes } = host;
  const [, pid, number, fd] = CLAIMED.exec(env[CLAIMED_VARIABLE] ?? '') ?? [];
  delete env[CLAIMED_VARIABLE];
  delete env[CLAIMED_IN_VARIABLE];
  if (Number(pid) !== processes.self().pid) return undefined;
  const [generation, descriptor] = [Number(number), Number(fd)];
  const owner = ownOwnerFile(host, claimLayout.generationOwner(directory, generation));
  if (owner === undefined) {
    closeDescriptor(descriptor);
    return undefined;
  }
  const path = layout.generationSocket(directory, generation);
  // A child that inherited the listener would look like a living daemon when this one has ended.
  if (!isOwnSocket(descriptor)) {
    closeDescriptor(descriptor);
    // Bun can't tell a refused connection from a full backlog. It would look at the owner, which lives.
    files.removeFile(path);
    return undefined;
  }
  return claimedBy(handedListener({ descriptor, path }), { generation, directory, owner });
}

/** @returns what an owner file says; undefined unless it names this process, as this release writes it */
function ownOwnerFile({ files, processes }: DaemonHost<Socket>, path: string): Owner | undefined {
  const read = files.readText(path);
  const owner = read.kind === 'text' ? parseOwner(read.text) : undefined;
  const self = processes.self();
  const isOwn = owner?.pid === self.pid && owner.startTime === self.startTime;
  return isOwn && read.kind === 'text' && read.text === ownerText(owner) ? owner : undefined;
}
