/** Dates and times of day for people, in the machine's time zone. */

const two = (n: number): string => String(n).padStart(2, '0');

/** @param wallMs milliseconds since 1970 */
export function timeText(wallMs: number): string {
  const date = new Date(wallMs);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

export function dateText(wallMs: number): string {
  const date = new Date(wallMs);
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
}
