import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';
import type { Random } from '../../ports/random.ts';
import type { SharedKeySealer } from '../../ports/shared-key-sealer.ts';
import { decodeBase64url } from './base64url.ts';

const version = 1;
const nonceStart = 1;
const bodyStart = nonceStart + 12;
const tagLength = 16;

/** See {@link SharedKeySealer}. Throws for a key that is not 64 hexadecimal digits. */
export function createSharedKeySealer(keyText: Secret<string>, random: Random): SharedKeySealer {
  if (!/^[0-9A-Fa-f]{64}$/.test(keyText.reveal())) throw new Error('expected a key of 64 hexadecimal digits');
  const key = createSecretKey(keyText.reveal(), 'hex');
  return {
    seal(plaintext) {
      const nonce = random.bytes(bodyStart - nonceStart);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
      const parts = [Buffer.of(version), nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(parts).toString('base64url');
    },
    open(sealed) {
      const bytes = decodeBase64url(sealed);
      if (bytes === undefined || bytes.length < bodyStart + tagLength || bytes[0] !== version) return undefined;
      const envelope = Buffer.from(bytes);
      const decipher = createDecipheriv('aes-256-gcm', key, envelope.subarray(nonceStart, bodyStart), {
        authTagLength: tagLength,
      });
      decipher.setAuthTag(envelope.subarray(-tagLength));
      const plaintext = decipher.update(envelope.subarray(bodyStart, -tagLength));
      try {
        return Buffer.concat([plaintext, decipher.final()]);
      } catch {
        // final() throws when the tag does not fit: the one error shape for every kind of change (S4).
        return undefined;
      }
    },
  };
}
