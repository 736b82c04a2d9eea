/** An error as Node would throw it, for the readings to be made of it in the same place. */
export function systemError(code: string, syscall: string, ...names: readonly string[]): Error {
  const where = names.map((name) => ` '${name}'`).join(' ->');
  return Object.assign(new Error(`${code}: ${syscall}${where}`), { code, syscall });
}
