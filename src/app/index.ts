/// <reference types="node" preserve="true" />

/** solod: exactly one warm background daemon for a command-line tool. See README.md. */

export type { Failure } from '../domain/failure.js';
export type { Owner } from '../domain/owner.js';
export type { Cause, GreetReading } from '../domain/ports.js';
export type { SpawnReason } from '../domain/spawn-plan.js';
export type { Timing } from '../domain/timing.js';
export { DEFAULT_TIMING } from '../domain/timing.js';
export type { CallOptions, CallResult } from './call.js';
export { call } from './call.js';
export type { ClaimOptions, ClaimResult } from './claim.js';
export { claim } from './claim.js';
export type { KickOptions, KickResult } from './kick.js';
export { kick } from './kick.js';
export type { ConnectResult, Greeter, ObtainOptions, ObtainResult } from './obtain.js';
export { connect, obtain } from './obtain.js';
export type { DaemonOptions, ProgramOptions, ServiceOptions, TimingOptions } from './request.js';
export type { Service, ServiceContext, ServiceFunction } from './service.js';
export { defineService } from './service.js';
export type { NameOptions } from './target.js';
