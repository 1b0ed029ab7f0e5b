/** A map of a YAML text. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The texts of a scalar or of a list of scalars. */
export function textsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return ['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : [];
}

/** Every field below a map, by its way (`oidcConfig.issuerURL`), with its texts. */
export function fieldsOf(value: unknown, way: string): readonly (readonly [way: string, texts: readonly string[]])[] {
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, child]) => fieldsOf(child, way === '' ? key : `${way}.${key}`));
  }
  return value === undefined || value === null || way === '' ? [] : [[way, textsIn(value)]];
}
