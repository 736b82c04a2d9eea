/** What tests of the checks share. */

import type { Symptom } from '../../../src/domain/doctor/findings.js';

export const kinds = (symptoms: readonly Symptom[]): string[] => symptoms.map(({ kind }) => kind);
export const refusal = (code: string) => ({ code, message: '' });
