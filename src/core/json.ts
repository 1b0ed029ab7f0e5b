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
