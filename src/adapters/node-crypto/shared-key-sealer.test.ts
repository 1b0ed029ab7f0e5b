import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedKey } from '../../../test/support/agent-states.ts';
import { openVersion1, sealVersion1 } from '../../../test/support/cookie-version1.ts';
import { Secret } from '../../core/secret.ts';
import { systemRandom } from '../system/random.ts';
import { createSharedKeySealer } from './shared-key-sealer.ts';

const sealer = createSharedKeySealer(new Secret(sharedKey), systemRandom);
const anyBytes = fc.uint8Array({ maxLength: 200 });
const overhead = 1 + 12 + 16;

describe('the sealer with a shared key', () => {
  it('opens what it sealed, and no two values are the same', () => {
    fc.assert(
      fc.property(anyBytes, (plaintext) => {
        const sealed = sealer.seal(plaintext);
        expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(Buffer.from(sealed, 'base64url').length).toBe(plaintext.length + overhead);
        expect(sealer.seal(plaintext)).not.toBe(sealed);
        expect(Buffer.from(sealer.open(sealed) ?? 'closed')).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  it('has the form that others read and write', () => {
    expect(openVersion1(sealer.seal(Buffer.from('a token')), sharedKey)).toBe('a token');
    expect(Buffer.from(sealer.open(sealVersion1('a token', sharedKey)) ?? '').toString()).toBe('a token');
    // Upper case is the same key.
    const other = createSharedKeySealer(new Secret(sharedKey.toUpperCase()), systemRandom);
    expect(other.open(sealer.seal(Buffer.from('x')))).toEqual(Buffer.from('x'));
  });

  it('writes and reads what it always did', () => {
    // Computed by another implementation (Python's cryptography): key 00 01 … 1f, IV ff fe … f4.
    const known = 'Af_-_fz7-vn49_b19AaCbuSGQg7_E_whZbLizL6XZt4v_a_XPdM';
    const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, index) => 255 - index) };
    const fixed = createSharedKeySealer(new Secret(sharedKey), random);
    expect(fixed.seal(Buffer.from('plaintext'))).toBe(known);
    expect(fixed.open(known)).toEqual(Buffer.from('plaintext'));
  });

  it('refuses every flipped bit (S4)', () => {
    const sealed = Buffer.from(sealer.seal(Buffer.from('a token of some length')), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.open(changed.toString('base64url'))).toBeUndefined();
    }
  });

  it('refuses every truncation, at either end, and every extension (S4)', () => {
    const text = sealer.seal(Buffer.from('a token of some length'));
    for (let length = 0; length < text.length; length += 1) {
      expect(sealer.open(text.slice(0, length))).toBeUndefined();
      expect(sealer.open(text.slice(text.length - length))).toBeUndefined();
    }
    for (const more of ['A', 'AA', '=', '.', ' ']) expect(sealer.open(`${text}${more}`)).toBeUndefined();
  });

  it.each([4, 8, 12, 15])('refuses a tag of %i bytes (S5)', (authTagLength) => {
    const iv = Buffer.alloc(12, 7);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(sharedKey, 'hex'), iv);
    const ciphertext = Buffer.concat([cipher.update('a token of some length'), cipher.final()]);
    const tag = cipher.getAuthTag().subarray(0, authTagLength);
    expect(sealer.open(Buffer.concat([Buffer.of(1), iv, ciphertext, tag]).toString('base64url'))).toBeUndefined();
    // With nothing else there, too.
    expect(sealer.open(Buffer.concat([Buffer.of(1), iv, tag]).toString('base64url'))).toBeUndefined();
  });

  it('refuses other spellings of a value (RFC 4648 §3.5)', () => {
    // 29 bytes: the last character carries bits that count for nothing.
    const text = sealer.seal(Buffer.of());
    const last = text.charCodeAt(text.length - 1);
    const respelled = [last - 1, last + 1].map((code) => `${text.slice(0, -1)}${String.fromCharCode(code)}`);
    const padded = `${text}=`;
    const standard = sealer.seal(Buffer.alloc(300, 0xff)).replaceAll('-', '+').replaceAll('_', '/');
    for (const spelling of [...respelled, padded, standard, ` ${text}`, `"${text}"`]) {
      expect(sealer.open(spelling)).toBeUndefined();
    }
  });

  it('refuses values of another key, of another version, and what is none', () => {
    expect(sealer.open(sealVersion1('x', 'f'.repeat(64)))).toBeUndefined();
    for (const version of [0, 2, 255]) {
      const bytes = Buffer.from(sealer.seal(Buffer.from('x')), 'base64url');
      bytes[0] = version;
      expect(sealer.open(bytes.toString('base64url'))).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => sealer.open(text) === undefined));
  });

  it.each(['', 'ab', 'g'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), ` ${'a'.repeat(63)}`])(
    'takes no key of the form %j',
    (key) => {
      expect(() => createSharedKeySealer(new Secret(key), systemRandom)).toThrow('64 hexadecimal digits');
    },
  );
});
