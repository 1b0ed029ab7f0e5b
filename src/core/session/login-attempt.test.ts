import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, bytesOrJson } from '../../../test/support/arbitraries.ts';
import { epochSecondsOf, secondsOf } from '../time.ts';
import { decodeLoginAttempt, encodeLoginAttempt, type LoginAttempt } from './login-attempt.ts';

const attempt: LoginAttempt = {
  id: 'id',
  instance: 'web',
  provider: 'idp',
  origin: 'https://app.example.com',
  nonce: 'nonce',
  codeVerifier: 'verifier',
  returnTo: '/app/orders?x=1#top',
  bindingHash: 'hash',
  expiresAt: epochSecondsOf(1_767_225_600),
  maxAge: undefined,
};
const fields = JSON.parse(new TextDecoder().decode(encodeLoginAttempt(attempt))) as unknown[];
const decodeJson = (value: unknown) => decodeLoginAttempt(new TextEncoder().encode(JSON.stringify(value)));

describe('the sealed form of a login attempt', () => {
  it('round-trips', () => {
    expect(decodeLoginAttempt(encodeLoginAttempt(attempt))).toEqual(attempt);
    fc.assert(
      fc.property(anyText(), anyText(), fc.nat(), (text, returnTo, end) => {
        const each = { ...attempt, id: text, nonce: text, returnTo, expiresAt: epochSecondsOf(end) };
        expect(decodeLoginAttempt(encodeLoginAttempt(each))).toEqual(each);
      }),
    );
  });

  it('holds how old the login may be, where it was asked for', () => {
    const each = { ...attempt, maxAge: secondsOf(3600) };
    expect(decodeLoginAttempt(encodeLoginAttempt(each))).toEqual(each);
  });

  it.each(fields.map((_field, index) => index))('is no attempt when member %i has another type (L4)', (index) => {
    for (const value of [null, true, {}, [], index === 0 ? '1' : 1]) {
      expect(decodeJson(fields.with(index, value))).toBeUndefined();
    }
  });

  it.each<[unknown, string]>([
    [fields.slice(0, -1), 'a member less'],
    [[...fields, 'x'], 'a member more that is no number'],
    [[...fields, 1.5], 'an age with a fraction'],
    [[...fields, 3600, 1], 'two members more'],
    [fields.with(0, 1.5), 'an end with a fraction'],
    [fields.with(0, 1e300), 'an end that never comes'],
    [Object.assign({}, fields), 'an object'],
    [null, 'null'],
  ])('is no attempt in %j: %s (L4)', (value) => {
    expect(decodeJson(value)).toBeUndefined();
  });

  it('is no attempt in other bytes, and reading them throws nothing (L4)', () => {
    fc.assert(
      fc.property(bytesOrJson, (bytes) => {
        expect(decodeLoginAttempt(bytes)).toBeUndefined();
      }),
    );
  });
});
