import { describe, expect, it } from 'vitest';
import { sessionAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
import { type CookieContents, decodeContents, encodeContents } from './cookie-codec.ts';

const key = 'k'.repeat(43);
const session = sessionAt(1_790_000_000);
const token = new Secret('canary');
const contents: readonly CookieContents[] = [
  { kind: 'session', key, session, hasRefreshToken: true },
  { kind: 'session', key, session, hasRefreshToken: false },
  { kind: 'refresh_token', key, token },
  { kind: 'id_token', key, token },
  { kind: 'csrf_token', key, token },
  { kind: 'csrf_token', key: '', token: new Secret('täg\ufeff') },
  {
    kind: 'claims',
    key,
    claims: new Map<string, string | boolean>([
      ['sub', 'alice'],
      ['__proto__', true],
    ]),
  },
];

describe('what the cookies of an agent hold', () => {
  it.each(contents)('is read as it was written: $kind', (written) => {
    const read = decodeContents(encodeContents(written));
    if (written.kind === 'session') {
      const { tokenSet } = session;
      // The rest has cookies of its own.
      const alone = { ...tokenSet, refreshToken: undefined, idToken: undefined };
      expect(read).toEqual({ ...written, session: { ...session, claims: new Map(), tokenSet: alone } });
    } else {
      expect(read).toEqual(written);
      if ('token' in written) expect(read && 'token' in read && read.token.reveal()).toBe(written.token.reveal());
    }
  });

  it('keeps refresh token, ID token and claims out of the cookie that APIs are called with', () => {
    const text = Buffer.from(encodeContents({ kind: 'session', key, session, hasRefreshToken: true })).toString(
      'latin1',
    );
    expect(text).toContain('canary-access-token');
    for (const other of ['canary-refresh-token', 'canary-id-token', 'Alice Adams']) expect(text).not.toContain(other);
  });

  it('is nothing when it is cut short within its head or its session', () => {
    const bytes = encodeContents({ kind: 'session', key, session, hasRefreshToken: true });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeContents(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it.each([
    [Buffer.of(), 'nothing'],
    [Buffer.of(2, 3, 0, 0x61), 'another version'],
    [Buffer.of(1, 0, 0, 0x61), 'no kind'],
    [Buffer.of(1, 9, 0, 0x61), 'an unknown kind'],
    [Buffer.of(1, 3, 0), 'an empty token'],
    [Buffer.of(1, 3, 1, 0xff, 0x61), 'a key that is not UTF-8'],
    [Buffer.of(1, 3, 0, 0xff), 'a token that is not UTF-8'],
    [Buffer.of(1, 1, 0, 0x7b, 0x7d), 'an object that is no session'],
  ])('is nothing of what it never wrote: %j (%s)', (bytes) => {
    expect(decodeContents(bytes)).toBeUndefined();
  });

  it('has no claims where they cannot be read', () => {
    expect(decodeContents(Buffer.from([1, 6, 0, 0x7b]))).toEqual({ kind: 'claims', key: '', claims: new Map() });
  });

  it('takes no key that its length does not fit', () => {
    expect(() => encodeContents({ kind: 'csrf_token', key: 'k'.repeat(256), token })).toThrow('too long');
    expect(decodeContents(encodeContents({ kind: 'csrf_token', key: 'k'.repeat(255), token }))?.key).toHaveLength(255);
  });
});
