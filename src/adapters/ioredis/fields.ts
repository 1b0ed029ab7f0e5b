/** The same bytes as a Buffer, which is what ioredis sends unchanged. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The number in a field; undefined when it is absent or is none. */
export function integerOf(field: Buffer | null | undefined): number | undefined {
  const text = field?.toString('latin1');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
