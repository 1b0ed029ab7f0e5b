import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochSecondsOf } from '../../core/time.ts';
import type { SealPurpose } from '../../ports/sealer.ts';
import { systemRandom } from '../system/random.ts';
import { newKeyRing, withNewKey } from './new-key-ring.ts';
import { createSealer, sealingKeyOf } from './sealer.ts';

const now = epochSecondsOf(1_790_000_000);
const ring = newKeyRing(systemRandom, now);
const sealer = createSealer(ring, systemRandom);
const purposes: readonly SealPurpose[] = ['session', 'login-attempt', 'issuer-record'];
const anyPurpose = fc.constantFrom(...purposes);
const anyBytes = fc.uint8Array({ maxLength: 200 });
const anyContext = fc.string({ maxLength: 40, unit: 'grapheme' });
const overhead = 1 + 6 + 12 + 16;

describe('the sealer', () => {
  it('opens what it sealed, as text and as bytes', () => {
    fc.assert(
      fc.property(anyPurpose, anyBytes, anyContext, (purpose, plaintext, context) => {
        const text = sealer.seal(purpose, plaintext, context);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(Buffer.from(sealer.open(purpose, text, context) ?? 'closed')).toEqual(Buffer.from(plaintext));
        const bytes = sealer.sealBytes(purpose, plaintext, context);
        expect(bytes.length).toBe(plaintext.length + overhead);
        expect(Buffer.from(sealer.openBytes(purpose, bytes, context) ?? 'closed')).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  it('says with which key a value was sealed, of its beginning alone, and nothing of what it did not seal', () => {
    const sealed = sealer.sealBytes('session', Buffer.from('x'), 'name');
    expect(sealingKeyOf(sealed)).toBe(ring.keys[0].id);
    expect(sealingKeyOf(sealed.subarray(0, 7))).toBe(ring.keys[0].id);
    for (const other of ['', '\x01abc', '\x02abcdef', '\x01abc ef', '\x01ab\xffdef']) {
      expect(sealingKeyOf(Buffer.from(other, 'latin1'))).toBeUndefined();
    }
  });

  it('refuses every flipped bit (S4)', () => {
    fc.assert(
      fc.property(anyPurpose, anyBytes, anyContext, (purpose, plaintext, context) => {
        const sealed = sealer.sealBytes(purpose, plaintext, context);
        for (let bit = 0; bit < sealed.length * 8; bit += 1) {
          const changed = Uint8Array.from(sealed);
          changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(sealer.openBytes(purpose, changed, context)).toBeUndefined();
        }
      }),
      { numRuns: 15 },
    );
  });

  it('refuses every truncation, at either end, and every extension (S4, S5)', () => {
    fc.assert(
      fc.property(anyBytes, anyContext, (plaintext, context) => {
        const sealed = sealer.sealBytes('session', plaintext, context);
        for (let length = 0; length < sealed.length; length += 1) {
          expect(sealer.openBytes('session', sealed.subarray(0, length), context)).toBeUndefined();
          expect(sealer.openBytes('session', sealed.subarray(sealed.length - length), context)).toBeUndefined();
        }
        expect(sealer.openBytes('session', Buffer.concat([sealed, Buffer.of(0)]), context)).toBeUndefined();
        const text = sealer.seal('session', plaintext, context);
        for (let length = 0; length < text.length; length += 1) {
          expect(sealer.open('session', text.slice(0, length), context)).toBeUndefined();
        }
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a value under another purpose or context (S6)', () => {
    fc.assert(
      fc.property(
        anyPurpose,
        anyPurpose,
        anyBytes,
        anyContext,
        anyContext,
        (purpose, other, plaintext, context, else_) => {
          const text = sealer.seal(purpose, plaintext, context);
          if (other !== purpose) expect(sealer.open(other, text, context)).toBeUndefined();
          if (else_ !== context) expect(sealer.open(purpose, text, else_)).toBeUndefined();
        },
      ),
    );
  });

  it('refuses every other spelling of a sealed text (L4, S4)', () => {
    // 1 and 2 bytes over a multiple of 3 leave 4 and 2 bits of the last character unused.
    for (const length of [0, 1, 2, 3, 4, 5]) {
      const text = sealer.seal('session', Buffer.alloc(length), '');
      const respelled = [
        `${text}=`,
        `${text}==`,
        ` ${text}`,
        `${text}\n`,
        `${text.slice(0, 9)} ${text.slice(9)}`,
        `${text}!`,
      ];
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \t\0é';
      for (const character of alphabet) if (character !== text.at(-1)) respelled.push(text.slice(0, -1) + character);
      for (const other of respelled) expect(sealer.open('session', other, '')).toBeUndefined();
      const standard = text.replaceAll('-', '+').replaceAll('_', '/');
      if (standard !== text) expect(sealer.open('session', standard, '')).toBeUndefined();
    }
  });

  it('refuses the standard alphabet of base64, which Node would read', () => {
    fc.assert(
      fc.property(anyBytes, (plaintext) => {
        const text = sealer.seal('session', plaintext, '');
        const standard = text.replaceAll('-', '+').replaceAll('_', '/');
        fc.pre(standard !== text);
        expect(sealer.open('session', standard, '')).toBeUndefined();
      }),
    );
  });

  it('never throws, whatever it is given to open (S4)', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.base64String()),
        anyContext,
        (text, context) => {
          expect(sealer.open('session', text, context)).toBeUndefined();
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(sealer.openBytes('session', bytes, '')).toBeUndefined();
      }),
    );
  });

  it('opens with an old key of the ring, seals with the first, and refuses after removal (S11)', () => {
    const plaintext = Buffer.from('still there');
    const old = sealer.seal('session', plaintext, 'name');
    const rotated = withNewKey(ring, systemRandom, now);
    const successor = createSealer(rotated, systemRandom);
    expect(successor.open('session', old, 'name')).toEqual(plaintext);
    const fresh = successor.seal('session', plaintext, 'name');
    expect(Buffer.from(fresh, 'base64url').toString('latin1', 1, 7)).toBe(rotated.keys[0].id);
    expect(sealer.open('session', fresh, 'name')).toBeUndefined();
    const afterRemoval = createSealer({ keys: [rotated.keys[0]] }, systemRandom);
    expect(afterRemoval.open('session', old, 'name')).toBeUndefined();
    expect(afterRemoval.open('session', fresh, 'name')).toEqual(plaintext);
  });

  it('refuses what another ring sealed, even under its key id', () => {
    const foreign = createSealer(newKeyRing(systemRandom, now), systemRandom).sealBytes(
      'session',
      Buffer.from('x'),
      '',
    );
    expect(sealer.openBytes('session', foreign, '')).toBeUndefined();
    Buffer.from(foreign.buffer, foreign.byteOffset).write(ring.keys[0].id, 1, 'latin1');
    expect(sealer.openBytes('session', foreign, '')).toBeUndefined();
  });

  it('seals the same plaintext into different bytes each time', () => {
    const sealed = Array.from({ length: 50 }, () => sealer.seal('session', Buffer.from('x'), ''));
    expect(new Set(sealed).size).toBe(50);
  });

  it('writes the documented envelope: version, key id, nonce, ciphertext, tag', () => {
    const nonce = Buffer.alloc(12, 0xab);
    const bytes = createSealer(ring, { bytes: () => nonce }).sealBytes('session', Buffer.from('abc'), '');
    expect(bytes[0]).toBe(1);
    expect(Buffer.from(bytes.subarray(1, 7)).toString('latin1')).toBe(ring.keys[0].id);
    expect(Buffer.from(bytes.subarray(7, 19))).toEqual(nonce);
    expect(bytes.length).toBe(19 + 3 + 16);
  });
});
