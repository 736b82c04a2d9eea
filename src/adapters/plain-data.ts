/**
 * What a procedure may remember, hand on and be told: text, numbers, truth values, lists and plain objects of
 * these.
 */

/** Whatever comes to a procedure is not its to change: others have it too. From then on a change throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  }
  return value;
}

/**
 * A text that says everything about a value: of two that have the same one nobody can tell which is which.
 * @param known a word for each of some values that occur often
 * @throws for anything that is not plain data
 */
export function plainText(value: unknown, known: ReadonlyMap<unknown, string> = new Map()): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : (known.get(value) ?? objectText(value, known));
    default:
      throw new Error(`a procedure keeps something that is not plain data: ${String(value)}`);
  }
}

function objectText(value: object, known: ReadonlyMap<unknown, string>): string {
  if (Array.isArray(value)) return `[${value.map((inner) => plainText(inner, known)).join()}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new Error(
      `a procedure keeps something that is not plain data: ${value.constructor?.name ?? 'an object'}`,
    );
  const members = Object.entries(value).map(([name, inner]) => `${name}:${plainText(inner, known)}`);
  return `{${members.join()}}`;
}
