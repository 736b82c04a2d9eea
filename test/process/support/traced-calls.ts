/**
 * The calls in a log of strace.
 * @returns each call's name, and its number among the calls of that name
 */
export function callsIn(log: string): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  return log.split('\n').flatMap((line) => {
    const name = /^([a-z_0-9]+)\(/.exec(line)?.[1];
    if (name === undefined) return [];
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return [{ name, count }];
  });
}
