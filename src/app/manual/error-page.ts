/** What is said of one code. */
export interface ErrorPage {
  readonly happened: string;
  readonly where: string;
  readonly todo: string;
}

/** A code whose page is missing does not compile. */
export type ErrorPages<Code extends string> = Readonly<Record<Code, ErrorPage>>;

export const NAMED_FILE = 'The message names the file.';
export const COMMAND_LINE =
  'On the command line, or in the options that the library was given. Nothing was tried.';
