/**
 * Memory that large requests took. V8 collects garbage when it allocates, and an idle process allocates
 * nothing.
 */

/** What a process does not notice. */
export const LARGE_REQUEST_BYTES = 8 * 1024 * 1024;

const SOON_MS = 100;
/** A collection stops the process for some ten milliseconds, more with a large heap. */
const EVERY_MS = 1_000;

let timer: NodeJS.Timeout | undefined;
let lastMs = Number.NEGATIVE_INFINITY;

/** Collects garbage soon; several requests at once cause one collection. */
export function freeMemorySoon(): void {
  if (timer !== undefined) return;
  const dueMs = Math.max(SOON_MS, lastMs + EVERY_MS - performance.now());
  timer = setTimeout(() => {
    timer = undefined;
    lastMs = performance.now();
    const collect = collector();
    collect();
    // The first collection finds buffers whose memory the second one gives back.
    setTimeout(collect, SOON_MS).unref();
  }, dueMs).unref();
}

/** V8's own function, which services don't get to see. */
function collector(): () => void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return () => collect();
}
