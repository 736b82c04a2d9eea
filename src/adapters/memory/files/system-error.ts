/** An error as Node throws it, so that the same tables make a reading of it. */
export function systemError(code: string, syscall: string, ...names: readonly string[]): Error {
  const where = names.map((name) => ` '${name}'`).join(' ->');
  return Object.assign(new Error(`${code}: ${syscall}${where}`), { code, syscall });
}
