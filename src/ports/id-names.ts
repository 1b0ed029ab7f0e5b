/**
 * Turns ids that clients hold into names under which the store keeps them, so that a copy of the store
 * opens nothing (HMAC-SHA-256 with a key of the ring).
 *
 * Obligations: `mint` returns an id of 32 random bytes that names the key it was minted under, in the form
 * `<key id>.<43 base64url characters>`; `nameOf` is deterministic for an id as long as that key is in the ring
 * and yields undefined for anything else (malformed, re-spelled, unknown key).
 */
export interface IdNames {
  mint(): string;
  /** The key that an id says it was minted under, in the ring or not; undefined for what is no id. */
  keyIdOf(id: string): string | undefined;
  /** Base64url, 43 characters. */
  nameOf(id: string): string | undefined;
  /**
   * Names for the group that holds what belongs to `value` (a user, a provider session): one for each key of the ring,
   * newest first. New members go into the first; older ones may be in any. `kind` keeps groups of one value apart.
   */
  groupNames(kind: string, value: string): readonly [string, ...string[]];
}
