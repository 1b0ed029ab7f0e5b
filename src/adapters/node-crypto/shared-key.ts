import { hkdfSync } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { type KeyRing, keyIdOf, keyLength } from './key-ring.ts';

/** Stands in documentation and tests of OAuth agents and of their gateways: everybody has it. */
const publishedKey = '4e4636356d65563e4c73233847503e3b21436e6f7629724950526f4b5e2e4e50';

// As for key rings: 32 random bytes have fewer different values once in 2^51 keys.
const fewestDistinctBytes = 16;

/** What is wrong with a key that other OAuth agents have too, quoting nothing of it; undefined when it is sound. */
export function problemOfSharedKey(text: string): string | undefined {
  if (!/^[0-9A-Fa-f]{64}$/.test(text)) return 'expected 64 hexadecimal digits';
  if (text.toLowerCase() === publishedKey) return 'this is the published sample key, which everybody has';
  const isWeak = new Set(Buffer.from(text, 'hex')).size < fewestDistinctBytes;
  return isWeak ? 'weak key, too few different bytes' : undefined;
}

/**
 * A ring of one key that is derived from a shared key (HKDF-SHA-256, RFC 5869), so that all who have that key have the
 * same ring. The ring says nothing about the shared key. `sharedKey`: 64 hexadecimal digits.
 */
export function keyRingFrom(sharedKey: Secret<string>): KeyRing {
  const root = Buffer.from(sharedKey.reveal(), 'hex');
  const key = Buffer.from(hkdfSync('sha256', root, 'sallyport key ring', 'from a shared key', keyLength));
  // One moment for all: nothing depends on it, and rings that are the same shall look the same.
  return {
    keys: [{ id: keyIdOf(key), createdAt: '2000-01-01T00:00:00Z', promotedAt: undefined, secret: new Secret(key) }],
  };
}
