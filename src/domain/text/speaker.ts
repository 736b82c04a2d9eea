/** How every line of solod's own starts, on stderr and in the log. */
export const SPEAKER = 'solod: ';
