import { performance } from 'node:perf_hooks';
import type { Clock } from '../../domain/ports.js';

export const nodeClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  sleep: (ms) => new Promise((resolve) => setTimeout(() => resolve({ kind: 'done' }), ms)),
};
