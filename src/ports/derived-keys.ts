/** Key material for libraries that bring their own cryptography (cookie signing of the issuer). Newest first. */
export interface DerivedKeys {
  /** One 32-byte key for each key of the ring, HKDF-SHA-256 with `label` as info. */
  derive(label: string): readonly Uint8Array[];
}
