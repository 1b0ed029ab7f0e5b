import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochSecondsOf } from '../../core/time.ts';
import { systemRandom } from '../system/random.ts';
import { createDerivedKeys } from './derived-keys.ts';
import { createIdNames } from './id-names.ts';
import { newKeyRing, withNewKey } from './new-key-ring.ts';

const now = epochSecondsOf(1_790_000_000);
const ring = newKeyRing(systemRandom, now);
const idNames = createIdNames(ring, systemRandom);

describe('names of ids', () => {
  it('gives each id of 32 random bytes one name that does not show it (S12)', () => {
    const id = idNames.mint();
    const name = idNames.nameOf(id);
    expect(id).toMatch(/^[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{43}$/);
    expect(id.slice(0, 6)).toBe(ring.keys[0].id);
    expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(idNames.nameOf(id)).toBe(name);
    expect(id).not.toContain(name);
    expect(createIdNames(ring, systemRandom).nameOf(id)).toBe(name);
  });

  it('tells the key of an id, in the ring or not, and none of what is no id', () => {
    const id = idNames.mint();
    expect(idNames.keyIdOf(id)).toBe(ring.keys[0].id);
    expect(createIdNames(newKeyRing(systemRandom, now), systemRandom).keyIdOf(id)).toBe(ring.keys[0].id);
    for (const other of ['', 'x', `${id}A`, id.slice(1)]) expect(idNames.keyIdOf(other)).toBeUndefined();
  });

  it('gives different ids different names', () => {
    const names = Array.from({ length: 200 }, () => idNames.nameOf(idNames.mint()));
    expect(new Set(names).size).toBe(200);
  });

  it('gives no changed id the name of the id (S4, S9)', () => {
    const id = idNames.mint();
    const name = idNames.nameOf(id);
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }), (at, text) => {
        const other = id.slice(0, at) + text + id.slice(at + 1);
        fc.pre(other !== id);
        expect(idNames.nameOf(other)).not.toBe(name);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses the spellings that share the bytes of an id (S4)', () => {
    const id = idNames.mint();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(id.at(-1) ?? '');
    for (const extra of [1, 2, 3]) {
      expect(idNames.nameOf(id.slice(0, -1) + alphabet[last + extra])).toBeUndefined();
    }
    for (const other of [
      '',
      '.',
      `${id}=`,
      ` ${id}`,
      `${id} `,
      `${id}\n`,
      id.slice(0, -1),
      `${id}A`,
      `"${id}"`,
      id.slice(7),
    ]) {
      expect(idNames.nameOf(other)).toBeUndefined();
    }
  });

  it('knows ids of an old key while it is in the ring, by the same name, and not after (S11)', () => {
    const id = idNames.mint();
    const rotated = withNewKey(ring, systemRandom, now);
    const successor = createIdNames(rotated, systemRandom);
    expect(successor.nameOf(id)).toBe(idNames.nameOf(id));
    expect(successor.mint().slice(0, 6)).toBe(rotated.keys[0].id);
    expect(createIdNames({ keys: [rotated.keys[0]] }, systemRandom).nameOf(id)).toBeUndefined();
  });
});

describe('derived keys', () => {
  it('are 32 bytes for each ring key, newest first, the same each time and different for each label', () => {
    const rotated = withNewKey(ring, systemRandom, now);
    const derived = createDerivedKeys(rotated);
    expect(derived.derive('cookies')).toHaveLength(2);
    expect(derived.derive('cookies').map((key) => key.length)).toEqual([32, 32]);
    expect(derived.derive('cookies')).toEqual(derived.derive('cookies'));
    expect(derived.derive('cookies')).not.toEqual(derived.derive('other'));
    expect(derived.derive('cookies')[1]).toEqual(createDerivedKeys(ring).derive('cookies')[0]);
  });
});
