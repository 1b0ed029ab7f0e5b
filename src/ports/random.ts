/** The one source of secrets and ids. Bytes come from a cryptographic generator; tests script it. */
export interface Random {
  bytes(length: number): Uint8Array;
}
