/**
 * One line for a status line, prompt or title bar. Nothing in the text can move the cursor, change a colour
 * or take more room than there is. The native client does the same, and `test/fixtures/diagnostics.json`
 * holds both to it.
 */

/** Red, as ECMA-48 has it (SGR 31), and back to what was before. */
export const DIAGNOSTIC_STYLE = '\x1b[31m';
export const DIAGNOSTIC_STYLE_END = '\x1b[0m';
/** In code points, the ellipsis among them and the style not. */
export const DIAGNOSTIC_LIMIT = 80;
export const ELLIPSIS = '…';
/** Stands for an empty text. */
export const UNKNOWN_ERROR = 'unknown error';
/** All that `\s` matches (ECMA-262, WhiteSpace and LineTerminator). U+0085 does not belong to it. */
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
 * Removes control sequences (CSI) and control characters, turns each run of white space into one space, and
 * trims both ends. Half of a surrogate pair becomes U+FFFD.
 */
export function cleanText(text: string): string {
  const spaced = text.replace(CONTROL_SEQUENCE, '').replace(CONTROL, '').replace(SPACES, ' ');
  return spaced.trim().replace(LONE_SURROGATE, '\ufffd');
}

/**
 * Cuts a text to so many code points; one that is cut ends in an ellipsis.
 * @param limit in code points, at least 1
 */
export function cutText(text: string, limit: number): string {
  // A code point has one unit or two, so a text with no more units than that has no more code points.
  if (text.length <= limit) return text;
  const points = [...text];
  return points.length <= limit ? text : points.slice(0, limit - 1).join('') + ELLIPSIS;
}

/**
 * An error message, short and in red.
 * @param suffix stands uncut at its end, and the text is cut to leave room: ASCII, shorter than the limit
 * @param limit of the whole, in code points
 */
export function diagnosticLine(text: string, colour: Colour, suffix = '', limit = DIAGNOSTIC_LIMIT): string {
  const line = (cutText(cleanText(text), limit - suffix.length) || UNKNOWN_ERROR) + suffix;
  switch (colour) {
    case 'coloured':
      return `${DIAGNOSTIC_STYLE}${line}${DIAGNOSTIC_STYLE_END}`;
    case 'plain':
      return line;
  }
}

/** What `--color` says. */
export type ColourWish = 'auto' | 'always' | 'never';

/** @param otherwise without a wish */
export function colourOf(wish: ColourWish | undefined, otherwise: Colour): Colour {
  switch (wish) {
    case 'always':
      return 'coloured';
    case 'never':
      return 'plain';
    case 'auto':
    case undefined:
      return otherwise;
  }
}

/** @param noColor the variable `NO_COLOR`: set and not empty, it means no colour (https://no-color.org) */
export function colourWanted(noColor: string | undefined): Colour {
  return noColor === undefined || noColor === '' ? 'coloured' : 'plain';
}
