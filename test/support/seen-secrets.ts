/** Codes, verifiers, tokens and cookies that were issued in this test file: none of them may stand in a log. */
const seen = new Set<string>();

/** Too short a text would be found in any log. */
const shortest = 16;

/** Remembers a secret that went over the wire; anything but a text of some length is passed over. */
export function noteSecret(value: unknown): void {
  if (typeof value === 'string' && value.length >= shortest) seen.add(value);
}

export function seenSecrets(): ReadonlySet<string> {
  return seen;
}
