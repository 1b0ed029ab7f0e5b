import { describe, expect, it } from 'vitest';
import { Secret } from '../../core/secret.ts';
import { createDerivedKeys } from './derived-keys.ts';
import { createIdNames } from './id-names.ts';
import { type KeyRing, keyIdOf } from './key-ring.ts';
import { createSealer } from './sealer.ts';

/*
 * Computed by another implementation (Python's hmac and cryptography) from the descriptions in sealer.ts, id-names.ts
 * and derived-keys.ts. A change of any of these values ends every session of every installation: it needs a new
 * version of the envelope, and readers of the old one.
 */
const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const ring: KeyRing = {
  keys: [{ id: 'YDdE7y', createdAt: '2026-01-31T09:30:00Z', promotedAt: undefined, secret: new Secret(key) }],
};
const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, index) => 255 - index) };
const sealed = 'AVlEZEU3ef_-_fz7-vn49_b19K6J1G_7d8q7uXDNhA1Li0Qxh6E9ZWvRQcg';

describe('what earlier versions wrote', () => {
  it('has the same key id', () => {
    expect(keyIdOf(key)).toBe('YDdE7y');
  });

  it('opens, and is sealed in the same way', () => {
    const sealer = createSealer(ring, random);
    expect(sealer.open('session', sealed, 'context')).toEqual(Buffer.from('plaintext'));
    expect(sealer.seal('session', Buffer.from('plaintext'), 'context')).toBe(sealed);
  });

  it('lies under the same name', () => {
    const idNames = createIdNames(ring, random);
    expect(idNames.mint()).toBe('YDdE7y.__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA');
    expect(idNames.nameOf(idNames.mint())).toBe('xCQuHHiZw5oHTV2PU_QMYpr4aYXcjscYkczzGgsg_FM');
  });

  it('was signed with the same derived keys', () => {
    const [derived = new Uint8Array()] = createDerivedKeys(ring).derive('cookies');
    expect(Buffer.from(derived).toString('base64url')).toBe('b6rsLFNh99ON5I4FF4DkWP1wx8gApZLgVHjEOZHmSPc');
  });
});
