import { type CodeOf, codeFor, codeSuffix } from '../../domain/text/error-code.js';

/** A message to the user. */
export interface Complaint {
  /** What happened, and where. */
  readonly what: string;
  readonly todo: string;
  /** The other side's own words, which may take several lines. */
  readonly quote?: string | undefined;
  /** Stable: `solod explain <code>` tells more. */
  readonly code?: string | undefined;
}

/** A table of messages, each made by a function of what varies in it. */
export type Complaints = Readonly<Record<string, (...args: never[]) => Complaint>>;

/** The message as one sentence; a quotation follows it. */
export function textOf({ what, todo, quote }: Complaint): string {
  return quote === undefined ? `${what}; ${todo}` : `${what}; ${todo}: ${quote}`;
}

/** The same with its code at the end, as people see it. */
export const messageOf = (complaint: Complaint): string => textOf(complaint) + codeSuffix(complaint.code);

/** The codes of a table's messages. */
export type CodesOf<Prefix extends string, Table> = CodeOf<`${Prefix}${keyof Table & string}`>;

type Coded<T extends Complaints> = {
  readonly [K in keyof T]: (...args: Parameters<T[K]>) => Complaint & { readonly code: string };
};

/**
 * Gives each message of a table its code.
 * @param prefix what the codes of this table begin with: empty, or in kebab-case with a hyphen at its end
 */
export function coded<T extends Complaints>(prefix: string, table: T): Coded<T> {
  const makers = Object.entries(table) as [string, (...args: unknown[]) => Complaint][];
  const withCodes = makers.map(([name, make]) => [
    name,
    (...args: unknown[]) => ({ ...make(...args), code: codeFor(prefix + name) }),
  ]);
  return Object.fromEntries(withCodes) as Coded<T>;
}
