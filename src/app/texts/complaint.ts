/** A message to the user. */
export interface Complaint {
  /** What happened, and where. */
  readonly what: string;
  readonly todo: string;
  /** The other side's own words, which may take several lines. */
  readonly quote?: string | undefined;
}

/** A table of messages, each made by a function of what varies in it. */
export type Complaints = Readonly<Record<string, (...args: never[]) => Complaint>>;

/** The message as one sentence; a quotation follows it. */
export function textOf({ what, todo, quote }: Complaint): string {
  return quote === undefined ? `${what}; ${todo}` : `${what}; ${todo}: ${quote}`;
}
