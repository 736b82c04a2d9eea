/**
 * What a daemon says of itself. This is the one list of its fields: the daemon fills them in
 * (`daemon/daemon.ts`), the commands check them when they read them, and `--json` prints them as they are.
 */

import * as z from 'zod';
import type { DaemonNumbers } from '../../domain/statistics/daemon-tally.js';
import type { Spread } from '../../domain/statistics/histogram.js';

const ms = z.number();
const optionalMs = ms.optional();
const count = z.int().nonnegative();

const spreadSchema = z.object({
  count,
  sumMs: ms,
  medianMs: optionalMs,
  p90Ms: optionalMs,
  p99Ms: optionalMs,
  maxMs: optionalMs,
}) satisfies z.ZodType<Spread>;

const numbersSchema = z.object({
  running: count,
  waiting: count,
  failed: count,
  loadMs: optionalMs,
  cold: spreadSchema,
  warm: spreadSchema,
  run: spreadSchema,
  savedMs: ms,
}) satisfies z.ZodType<DaemonNumbers>;

export const statusSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  generation: z.int().positive(),
  service: z.string(),
  state: z.enum(['loading', 'ready', 'draining']),
  /** By the wall clock, in milliseconds since 1970. */
  startedMs: ms,
  /** How many the daemon has taken on. */
  calls: count,
  inFlight: count,
  residentBytes: z.number(),
  node: z.string(),
  solod: z.string(),
  /** The service's; empty if it has none. An older solod does not say. */
  version: z.string().default(''),
  wire: count.default(0),
  /** The processes that run calls, where there are any. */
  workers: z.object({ count, busy: count, waiting: count }).optional(),
  /** What the daemon has done. An older solod does not say. */
  numbers: numbersSchema.optional(),
});

export type DaemonStatus = Readonly<z.infer<typeof statusSchema>>;
