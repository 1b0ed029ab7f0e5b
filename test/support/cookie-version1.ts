import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/*
 * Cookies in the form 0x01 of other OAuth agents, as their gateways write and read them. Made from the description of
 * the form and from nothing of ours, so that the two can be held against each other:
 *
 *   base64url, without padding, of: one byte 0x01 | 12 bytes of IV | ciphertext | 16 bytes of tag
 *
 * AES-256-GCM, without associated data; the key is written as 64 hexadecimal digits, the plaintext is UTF-8.
 */

export function sealVersion1(plaintext: string, hexKey: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(hexKey, 'hex'), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([1]), iv, ciphertext, cipher.getAuthTag()]).toString('base64url');
}

/** Throws for everything that is not of this form and key. */
export function openVersion1(value: string, hexKey: string): string {
  const bytes = Buffer.from(value, 'base64url');
  if (bytes.toString('base64url') !== value) throw new Error(`not base64url: ${value}`);
  if (bytes[0] !== 1) throw new Error(`not of version 0x01: ${bytes[0]}`);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(hexKey, 'hex'), bytes.subarray(1, 13));
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  return Buffer.concat([decipher.update(bytes.subarray(13, bytes.length - 16)), decipher.final()]).toString('utf8');
}
