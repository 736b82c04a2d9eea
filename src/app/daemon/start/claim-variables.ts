/** What the native client tells the process of a daemon that it becomes. */

/** The process that claimed, its generation, and the descriptor of its listener. */
export const CLAIMED_VARIABLE = 'SOLOD_CLAIMED';
/** The directory of the name, which the client has checked. */
export const CLAIMED_IN_VARIABLE = 'SOLOD_CLAIMED_IN';
