import type { Secret } from '../core/secret.ts';

/**
 * Authenticated encryption with one key that other programs have as well, in their form:
 * base64url(0x01 ‖ 12-byte IV ‖ ciphertext ‖ 16-byte tag), AES-256-GCM without associated data.
 *
 * Obligations: `open` yields undefined for every value that was changed in any bit, cut short, re-spelled or sealed by
 * another key, always the same way and without throwing. Nothing says what a value is for: whoever reads one must not
 * rely on it.
 */
export interface SharedKeySealer {
  seal(plaintext: Uint8Array): string;
  open(sealed: string): Uint8Array | undefined;
}

/** `key`: 64 hexadecimal digits. Throws for any other text, which the configuration has ruled out. */
export type SharedKeySealerFactory = (key: Secret<string>) => SharedKeySealer;
