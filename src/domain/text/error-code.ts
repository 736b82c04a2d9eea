/** The stable code of each message about a failure. `solod explain <code>` prints its page. */

type Snake<T extends string> = T extends `${infer Head}-${infer Rest}`
  ? `${Uppercase<Head>}_${Snake<Rest>}`
  : Uppercase<FromCamel<T>>;

type FromCamel<T extends string> = T extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${FromCamel<Rest>}`
    : `_${First}${FromCamel<Rest>}`
  : '';

/** The code of a message by that name, in camelCase or in kebab-case. */
export type CodeOf<Name extends string> = `SOLOD_E_${Snake<Name>}`;

/** @param name of a failure, or of a message in a table with the table's prefix */
export function codeFor<Name extends string>(name: Name): CodeOf<Name> {
  const words = name.replace(/[A-Z]/g, '_$&').replaceAll('-', '_');
  return `SOLOD_E_${words.toUpperCase()}` as CodeOf<Name>;
}

/** What stands at the end of a message: the code in brackets, or nothing. */
export const codeSuffix = (code: string | undefined): string => (code === undefined ? '' : ` [${code}]`);

/** A message and the code that `codeSuffix` has put at its end. */
export function withoutCode(message: string): {
  readonly message: string;
  readonly code: string | undefined;
} {
  const [suffix = '', code] = / \[(SOLOD_E_[A-Z_]+)\]$/.exec(message) ?? [];
  return { message: message.slice(0, message.length - suffix.length), code };
}
