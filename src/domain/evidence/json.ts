/** @returns undefined for a text that is not JSON: a file that another process wrote may hold anything */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
