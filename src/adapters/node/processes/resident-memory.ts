/**
 * @returns how much memory this process takes, in bytes; where there is no /proc, the most that it has taken
 * so far
 */
export function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
