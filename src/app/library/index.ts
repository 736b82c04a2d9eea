/// <reference types="node" preserve="true" />

/** solod: exactly one warm background daemon for a command-line tool. See README.md. */

export type { Owner } from '../../domain/evidence/owner.js';
export type { Failure } from '../../domain/failure.js';
export type { Timing } from '../../domain/lock/timing.js';
export { DEFAULT_TIMING } from '../../domain/lock/timing.js';
export type { Cause } from '../../ports/readings.js';
export type { GreetReading } from '../../ports/socket-probe.js';
export type { SpawnReason } from '../../ports/spawn-reason.js';
export type { Service, ServiceContext, ServiceFunction } from '../service/define-service.js';
export { defineService } from '../service/define-service.js';
export type { ShareEnd, ShareStdioOptions } from '../share/share-client.js';
export { shareStdio } from '../share/share-client.js';
export type { CallOptions, CallResult } from './call-service.js';
export { call } from './call-service.js';
export type { ClaimOptions, ClaimResult } from './claim-name.js';
export { claim } from './claim-name.js';
export type { DaemonOptions, ProgramOptions, ServiceOptions, TimingOptions } from './daemon-request.js';
export type { NameOptions } from './daemon-target.js';
export type { KickOptions, KickResult } from './kick-daemon.js';
export { kick } from './kick-daemon.js';
export type { ConnectResult, Greeter, ObtainOptions, ObtainResult } from './obtain-daemon.js';
export { connect, obtain } from './obtain-daemon.js';
