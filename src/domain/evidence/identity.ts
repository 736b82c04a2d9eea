import type { Identity, ProcessReading } from '../../ports/process-table.js';

export type { Identity } from '../../ports/process-table.js';

export type Vitality = 'alive' | 'dead' | 'unknown';

/**
 * Whether the process that wrote its identity down still lives. Definitive answers only where the evidence
 * is: an id from another pid namespace, or one without a start time, proves nothing either way.
 * @param who the identity on record
 * @param self the observer's, for its boot and its namespace
 * @param reading what the observer's process table says of `who.pid`
 */
export function vitalityOf(who: Identity, self: Identity, reading: ProcessReading): Vitality {
  if (who.bootId !== '' && self.bootId !== '' && who.bootId !== self.bootId) return 'dead';
  if (who.pidNamespace !== self.pidNamespace) return 'unknown';
  switch (reading.kind) {
    case 'gone':
      return 'dead';
    case 'hidden':
      return 'unknown';
    case 'present':
      if (reading.activity === 'zombie') return 'dead';
      if (who.startTime === '' || reading.startTime === '') return 'unknown';
      return who.startTime === reading.startTime ? 'alive' : 'dead';
  }
}

export function identityFrom(value: unknown): Identity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTime, bootId, pidNamespace } = value as Readonly<Record<string, unknown>>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof startTime !== 'string' || typeof bootId !== 'string' || typeof pidNamespace !== 'string')
    return undefined;
  return { pid, startTime, bootId, pidNamespace };
}
