/** ECMA-48, SGR: a colour, which a quoted log may well have. */
const COLOUR = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;:]*m`, 'g');
const CONTROL = /(?![\n\t])\p{Cc}/gu;
/** The same in UTF-8, one character a byte: what is beyond ASCII begins with C2 there. */
const CONTROL_BYTES = /(?![\n\t])(?:\p{ASCII}(?<=\p{Cc})|\u00c2\p{Cc})/gu;

/**
 * A text that a terminal shows and does not obey, whatever names and quotations it holds: without colours,
 * and with every other control character but line feed and tab written out, as in JSON.
 */
export function printable(text: string): string {
  return text.replace(COLOUR, '').replace(CONTROL, written);
}

/** The same in one line: a line feed in a path or an argument does not begin a line of a list. */
export const printableLine = (text: string): string => printable(text).replace(/[\n\t]/g, written);

/**
 * The same of a log for a terminal. It keeps its colours.
 * @param bytes one character a byte (Latin-1)
 */
export function printableBytes(bytes: string): string {
  const colours = bytes.match(COLOUR) ?? [];
  const parts = bytes.split(COLOUR).map((part) => part.replace(CONTROL_BYTES, written));
  return parts.map((part, index) => part + (colours[index] ?? '')).join('');
}

const written = (character: string): string =>
  `\\u${character
    .charCodeAt(character.length - 1)
    .toString(16)
    .padStart(4, '0')}`;
