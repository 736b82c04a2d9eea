/**
 * Runs after a whole turn of the event loop, in which every connection that is being read has given what had
 * come by now. (The first callback ends the current turn, the second the next one.)
 */
export function afterReading(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
