/**
 * JSON leaves these characters as they are, terminals and log viewers do not: DEL, the C1 controls (0x9b is an
 * escape sequence introducer), line and paragraph separators, and what turns the direction of text (G9).
 */
const unsafe = /[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The same JSON text with those characters as \u escapes; they can only stand inside its strings. */
export function escapeLine(line: string): string {
  return line.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
