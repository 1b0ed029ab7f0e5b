import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../json.ts';
import { mergeClaims } from './merge-claims.ts';

type Bag = Readonly<Record<string, JsonValue>>;

function merged(idToken: Bag, other: Bag): Bag {
  return Object.fromEntries(mergeClaims(new Map(Object.entries(idToken)), new Map(Object.entries(other))));
}

describe('mergeClaims', () => {
  it('has what either has, and believes the ID token', () => {
    const claims = merged({ sub: 'alice', groups: [] }, { sub: 'bob', groups: ['admins'], name: 'Alice' });
    expect(claims).toEqual({ sub: 'alice', groups: [], name: 'Alice' });
  });

  it.each([
    ['of the other source, beside its address', {}, { email: 'a@b', email_verified: true }, true],
    ['of the ID token, beside its own', { email: 'c@d', email_verified: false }, { email_verified: true }, false],
    ['of the other source, for the same address', { email: 'a@b' }, { email: 'a@b', email_verified: true }, true],
    ['of nobody, for another address', { email: 'c@d' }, { email: 'a@b', email_verified: true }, undefined],
    ['of nobody, where nobody says it', { email: 'c@d' }, {}, undefined],
    ['of nobody, for an address that it was not said of', { email_verified: true }, { email: 'a@b' }, undefined],
  ] as const)('takes the word on an address %s (T10)', (_case, idToken, other, expected) => {
    expect(merged(idToken, other)['email_verified']).toBe(expected);
  });
});
