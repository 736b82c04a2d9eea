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
 * @returns undefined if this process has not claimed the name, or can't serve by that claim: then it closes
 * the listener, by which everybody sees that the generation is dead, and claims anew
 */
export function takeClaim(host: DaemonHost<Socket>, directory: string): Claimed | undefined {
  const { env, files, processes } = host;
  const [, pid, number, fd] = CLAIMED.exec(env[CLAIMED_VARIABLE] ?? '') ?? [];
  delete env[CLAIMED_VARIABLE];
  delete env[CLAIMED_IN_VARIABLE];
  const self = processes.self();
  if (Number(pid) !== self.pid) return undefined;
  const [generation, descriptor] = [Number(number), Number(fd)];
  const read = files.readText(claimLayout.generationOwner(directory, generation));
  const owner: Owner | undefined = read.kind === 'text' ? parseOwner(read.text) : undefined;
  const isOwn =
    owner?.pid === self.pid &&
    owner.startTime === self.startTime &&
    read.kind === 'text' &&
    read.text === ownerText(owner);
  if (!isOwn) {
    closeDescriptor(descriptor);
    return undefined;
  }
  const path = layout.generationSocket(directory, generation);
  // A child that inherited the listener would look like a living daemon when this one has ended.
  if (!isOwnSocket(descriptor)) {
    closeDescriptor(descriptor);
    // Bun can't tell refused from a full backlog, and would ask whether the owner lives: this process.
    files.removeFile(path);
    return undefined;
  }
  return claimedBy(handedListener({ descriptor, path }), { generation, directory, owner });
}
