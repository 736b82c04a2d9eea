/** @returns undefined for what is no JSON: whoever reads a file that another process wrote must expect anything */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
