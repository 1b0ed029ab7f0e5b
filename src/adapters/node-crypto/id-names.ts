import { createHmac } from 'node:crypto';
import type { IdNames } from '../../ports/id-names.ts';
import type { Random } from '../../ports/random.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { type DerivedKey, deriveKeys } from './derived-keys.ts';
import type { KeyRing } from './key-ring.ts';

const idLength = 32;

// Six characters of key id, a dot, 43 characters for 32 bytes.
const form = /^([A-Za-z0-9_-]{6})\.([A-Za-z0-9_-]{43})$/;

/** Ids for cookies, and their names in the store: base64url(HMAC-SHA-256(derived key, the 32 bytes of the id)). */
export function createIdNames(ring: KeyRing, random: Random): IdNames {
  const keys = deriveKeys(ring, 'sallyport id-name v1');
  const [firstGroupKey, ...otherGroupKeys] = deriveKeys(ring, 'sallyport group-name v1');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    mint: () => `${keys[0].id}.${encodeBase64url(random.bytes(idLength))}`,
    keyIdOf: (id) => form.exec(id)?.[1],
    nameOf(id) {
      const [, keyId = '', text = ''] = form.exec(id) ?? [];
      const key = byId.get(keyId);
      // The last of 43 characters carries two unused bits: without this check four ids would have one name (S4).
      const bytes = decodeBase64url(text);
      if (key === undefined || bytes === undefined) return undefined;
      return createHmac('sha256', key).update(bytes).digest('base64url');
    },
    groupNames(kind, value) {
      // No kind has a zero byte in it, so that no two pairs give the same bytes.
      const nameUnder = ({ key }: DerivedKey) =>
        createHmac('sha256', key).update(`${kind}\0${value}`, 'utf8').digest('base64url');
      return [nameUnder(firstGroupKey), ...otherGroupKeys.map(nameUnder)];
    },
  };
}
