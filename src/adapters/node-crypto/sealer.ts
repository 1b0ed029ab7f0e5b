import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { Random } from '../../ports/random.ts';
import type { Sealer, SealPurpose } from '../../ports/sealer.ts';
import { decodeBase64url } from './base64url.ts';
import { deriveKeys } from './derived-keys.ts';
import type { KeyRing } from './key-ring.ts';

/*
 * Envelope: version 0x01 ‖ key id (6 ASCII bytes) ‖ nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
 * Associated data: version ‖ purpose ‖ 0x00 ‖ context. No purpose contains a zero byte, so no two pairs of purpose
 * and context give the same bytes.
 * Nonces are random: with 96 bits, one key must not seal more than 2^32 values (NIST SP 800-38D §8.3). Each purpose has
 * its own key and gets there after four years at 30 values a second; docs/store.md asks for a new key each year.
 */
const version = 1;
const idStart = 1;
const nonceStart = idStart + 6;
const bodyStart = nonceStart + 12;
const tagLength = 16;
const shortest = bodyStart + tagLength;

/** AES-256-GCM with one derived key for each purpose and ring key, made when it is first needed. */
export function createSealer(ring: KeyRing, random: Random): Sealer {
  const keysByPurpose = new Map<SealPurpose, PurposeKeys>();

  function keysFor(purpose: SealPurpose): PurposeKeys {
    const known = keysByPurpose.get(purpose);
    if (known !== undefined) return known;
    const derived = deriveKeys(ring, `sallyport ${purpose} v1`);
    const keys = { first: derived[0], byId: new Map(derived.map(({ id, key }) => [id, key])) };
    keysByPurpose.set(purpose, keys);
    return keys;
  }

  function sealBytes(purpose: SealPurpose, plaintext: Uint8Array, context: string): Buffer {
    const { id, key } = keysFor(purpose).first;
    const nonce = random.bytes(12);
    // Node cuts no tag short when the length is fixed here; without it a 4-byte tag would be accepted on opening.
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    cipher.setAAD(associatedData(purpose, context));
    const head = Buffer.alloc(nonceStart);
    head[0] = version;
    head.write(id, idStart, 'latin1');
    return Buffer.concat([head, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  function openBytes(purpose: SealPurpose, sealed: Uint8Array, context: string): Buffer | undefined {
    if (sealed.length < shortest || sealed[0] !== version) return undefined;
    const envelope = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const key = keysFor(purpose).byId.get(envelope.toString('latin1', idStart, nonceStart));
    return key === undefined ? undefined : decrypt(key, envelope, associatedData(purpose, context));
  }

  return {
    sealBytes,
    openBytes,
    seal: (purpose, plaintext, context) => sealBytes(purpose, plaintext, context).toString('base64url'),
    open(purpose, sealed, context) {
      const bytes = decodeBase64url(sealed);
      return bytes === undefined ? undefined : openBytes(purpose, bytes, context);
    },
  };
}

/**
 * The id of the key that a sealed value says it was sealed with, in the ring or not; the beginning of the value will
 * do. Nobody has verified it: for counting, not for trusting.
 */
export function sealingKeyOf(sealed: Uint8Array): string | undefined {
  if (sealed[0] !== version) return undefined;
  const id = Buffer.from(sealed.subarray(idStart, nonceStart)).toString('latin1');
  return /^[A-Za-z0-9_-]{6}$/.test(id) ? id : undefined;
}

interface PurposeKeys {
  readonly first: { readonly id: string; readonly key: KeyObject };
  readonly byId: ReadonlyMap<string, KeyObject>;
}

function decrypt(key: KeyObject, envelope: Buffer, aad: Buffer): Buffer | undefined {
  const tagStart = envelope.length - tagLength;
  const decipher = createDecipheriv('aes-256-gcm', key, envelope.subarray(nonceStart, bodyStart), {
    authTagLength: tagLength,
  });
  decipher.setAAD(aad);
  decipher.setAuthTag(envelope.subarray(tagStart));
  const plaintext = decipher.update(envelope.subarray(bodyStart, tagStart));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    // final() throws when the tag does not fit: the one error shape for every kind of change (S4).
    return undefined;
  }
}

function associatedData(purpose: SealPurpose, context: string): Buffer {
  return Buffer.concat([Buffer.of(version), Buffer.from(`${purpose}\0${context}`, 'utf8')]);
}
