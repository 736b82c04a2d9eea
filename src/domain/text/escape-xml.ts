/** Characters that XML 1.0 can't hold, not even as a reference (section 2.2). */
const UNUSABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Escapes a text for an element, or for an attribute between double quotes. */
export function escapeXml(text: string): string {
  return text.replace(UNUSABLE, '\ufffd').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
