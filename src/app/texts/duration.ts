const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * @param text a number and a unit: `500ms`, `10s`, `15m`, `1h`; without a unit, seconds
 * @returns milliseconds; undefined for anything else
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?$/.exec(text);
  const factor = UNITS[(match?.[2] ?? 's') as keyof typeof UNITS];
  return match?.[1] === undefined ? undefined : Number(match[1]) * factor;
}

export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 2 * UNITS.h) return `${Math.round(ms / UNITS.m)} min`;
  return ms < 48 * UNITS.h ? `${Math.round(ms / UNITS.h)} h` : `${Math.round(ms / (24 * UNITS.h))} days`;
}
