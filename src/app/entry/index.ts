/// <reference types="node" preserve="true" />

/** solod: exactly one warm background daemon for a command-line tool. See README.md. */

import { createSolod, type Solod } from '../library/create-solod.js';

export type { SpawnTarget } from '../../adapters/spawn-target.js';
export type { Owner } from '../../domain/evidence/owner.js';
export type { Failure } from '../../domain/failure.js';
export type { Timing } from '../../domain/lock/timing.js';
export { DEFAULT_TIMING } from '../../domain/lock/timing.js';
export type { Cause } from '../../ports/readings.js';
export type { GreetReading } from '../../ports/socket-probe.js';
export type { SpawnReason } from '../../ports/spawn-reason.js';
export type { CallOptions, CallResult } from '../library/call-service.js';
export type { ClaimOptions, ClaimResult } from '../library/claim-name.js';
export type { Client, ClientCallOptions, ClientOptions } from '../library/create-client.js';
export type { GivenAdapters, Solod } from '../library/create-solod.js';
export { createSolod } from '../library/create-solod.js';
export type {
  DaemonOptions,
  ProgramOptions,
  ServiceOptions,
  TimingOptions,
} from '../library/daemon-request.js';
export type { NameOptions } from '../library/daemon-target.js';
export type { KickOptions, KickResult } from '../library/kick-daemon.js';
export type { ConnectResult, ObtainOptions, ObtainResult, WhenHung } from '../library/obtain-daemon.js';
export type { Greeter, LibraryHost } from '../platforms/host.js';
export type { Service, ServiceContext, ServiceFunction } from '../service/define-service.js';
export { defineService } from '../service/define-service.js';
export type { ShareEnd } from '../share/share-client.js';
export type { ShareStdioOptions } from '../share/share-stdio.js';
export { shareStdio } from '../share/share-stdio.js';

const solod = createSolod();

/**
 * Attaches to the daemon of a name, or starts one. Parameters, results and errors: {@link Solod.obtain}.
 * @function
 */
export const obtain: Solod['obtain'] = solod.obtain;
/**
 * The same as `obtain`, and keeps the connection. Parameters, results and errors: {@link Solod.connect}.
 * @function
 */
export const connect: Solod['connect'] = solod.connect;
/**
 * Sees to it that a daemon will be there, without waiting. Parameters, results and errors: {@link Solod.kick}.
 * @function
 */
export const kick: Solod['kick'] = solod.kick;
/**
 * Claims a name for this process: the daemon's side. Parameters, results and errors: {@link Solod.claim}.
 * @function
 */
export const claim: Solod['claim'] = solod.claim;
/**
 * Makes a client for many calls of one service. Parameters and result: {@link Solod.createClient}.
 * @function
 */
export const createClient: Solod['createClient'] = solod.createClient;
/**
 * Calls a service through its daemon. Parameters, results and errors: {@link Solod.call}.
 * @function
 */
export const call: Solod['call'] = solod.call;
