/**
 * One line for a status line, prompt or title bar: whatever a text holds, nothing of it moves the cursor, changes a colour or takes
 * more room than there is. Both clients write it, and `test/fixtures/diagnostics.json` holds them to the same.
 */

/** Red, as ECMA-48 has it (SGR 31), and back to what was before. */
export const DIAGNOSTIC_STYLE = '\x1b[31m';
export const DIAGNOSTIC_STYLE_END = '\x1b[0m';
/** In code points, the ellipsis among them and the style not. */
export const DIAGNOSTIC_LIMIT = 80;
export const ELLIPSIS = '…';
/** What is said in place of nothing. */
export const UNKNOWN_ERROR = 'unknown error';
/** What `\s` matches, all of it (ECMA-262, WhiteSpace and LineTerminator). U+0085 is not among it. */
export const WHITE_SPACE =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';

export type Colour = 'coloured' | 'plain';

const ESCAPE = '\x1b';
const INTRODUCER = '\x9b';
/** ECMA-48, 5.4: parameters, intermediate bytes, a final one. */
const CONTROL_SEQUENCE = new RegExp(`(?:${ESCAPE}\\[|${INTRODUCER})[0-?]*[ -/]*[@-~]`, 'g');
const CONTROL = new RegExp(`(?![${WHITE_SPACE}])\\p{Cc}`, 'gu');
const SPACES = new RegExp(`[${WHITE_SPACE}]+`, 'gu');
const LONE_SURROGATE = /\p{Cs}/gu;

/**
 * A text without control sequences (CSI) and control characters, in one line, each run of white space one space, none at its ends.
 * Half of a surrogate pair becomes U+FFFD.
 */
export function cleanText(text: string): string {
  const spaced = text.replace(CONTROL_SEQUENCE, '').replace(CONTROL, '').replace(SPACES, ' ');
  return spaced.trim().replace(LONE_SURROGATE, '\ufffd');
}

/**
 * A text of at most so many code points; one that is cut ends in an ellipsis.
 * @param limit in code points, at least 1
 */
export function cutText(text: string, limit: number): string {
  // A code point takes one unit or two: what has no more units than that has no more code points.
  if (text.length <= limit) return text;
  const points = [...text];
  return points.length <= limit ? text : points.slice(0, limit - 1).join('') + ELLIPSIS;
}

/** What went wrong, short and in red. */
export function diagnosticLine(text: string, colour: Colour): string {
  const line = cutText(cleanText(text), DIAGNOSTIC_LIMIT) || UNKNOWN_ERROR;
  switch (colour) {
    case 'coloured':
      return `${DIAGNOSTIC_STYLE}${line}${DIAGNOSTIC_STYLE_END}`;
    case 'plain':
      return line;
  }
}

/** @param noColor the variable `NO_COLOR`: set and not empty, it says no (https://no-color.org) */
export function colourWanted(noColor: string | undefined): Colour {
  return noColor === undefined || noColor === '' ? 'coloured' : 'plain';
}
