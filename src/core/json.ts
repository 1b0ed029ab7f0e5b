/** A value of a parsed JSON text. Objects come from `JSON.parse`; read them through {@link claimsOf}. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Claims by name. A Map, so that a claim named `__proto__` is a claim and nothing else. */
export type Claims = ReadonlyMap<string, JsonValue>;

/** The members of a JSON object as claims; anything that is not an object has none. */
export function claimsOf(value: JsonValue | undefined): Claims {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value));
}

/** The texts of a claim: itself, or those of a list; nothing of any other shape. */
export function textsOf(claim: JsonValue | undefined): readonly string[] {
  if (typeof claim === 'string') return [claim];
  return Array.isArray(claim) ? claim.filter((item): item is string => typeof item === 'string') : [];
}

/** The value of a JSON text in UTF-8; undefined for bytes that are none. */
export function parseJsonBytes(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
