/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * The bytes of a base64url text, or undefined when the text is not exactly what {@link encodeBase64url} writes.
 * Node reads padding, blanks, `+`, `/` and stray trailing bits as well; one value must not have several spellings
 * (RFC 4648 §3.5), or a marker that was used once could be presented again in another one.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
