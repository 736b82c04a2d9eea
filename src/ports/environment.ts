/** The environment of a process: a variable that is undefined is not set. */
export type Environment = Readonly<Record<string, string | undefined>>;
