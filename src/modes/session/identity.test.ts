import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyJson } from '../../../test/support/arbitraries.ts';
import { sessionAt } from '../../../test/support/session.ts';
import type { JsonValue } from '../../core/json.ts';
import { identityOf } from './identity.ts';
import { sessionSettings } from './settings.ts';

const headers = { 'X-Auth-Request-User': 'sub', 'X-Auth-Request-Groups': 'groups' };
const settings = sessionSettings.parse({ provider: 'idp', headers });

function identity(claims: Readonly<Record<string, JsonValue>>, changes: Partial<typeof settings> = {}) {
  return identityOf(sessionAt(0, { claims: new Map(Object.entries(claims)) }), { ...settings, ...changes });
}

/** The value of the header that carries `groups`. */
function groupsHeader(groups: JsonValue) {
  return new Map(identity({ groups })).get('x-auth-request-groups');
}

describe('identityOf', () => {
  it('sets the access token and the configured claims, under lower-case names', () => {
    expect(identity({ sub: 'alice', groups: ['staff', 'admins'], email: 'unused' })).toEqual([
      ['authorization', 'Bearer canary-access-token'],
      ['x-auth-request-user', 'alice'],
      ['x-auth-request-groups', 'staff,admins'],
    ]);
  });

  it('says nothing of an address that the provider says is not verified (T10)', () => {
    const withEmail = { headers: { 'X-Auth-Request-Email': 'email' }, forwardAccessToken: false };
    const email = 'ceo@example.com';
    expect(identity({ email, email_verified: false }, withEmail)).toEqual([]);
    for (const claims of [{ email }, { email, email_verified: true }]) {
      expect(identity(claims, withEmail)).toEqual([['x-auth-request-email', email]]);
    }
  });

  it('says which of several providers says so: a `sub` of one is nobody of another', () => {
    expect(identity({ sub: 'alice' }, { forwardAccessToken: false, provider: ['idp', 'partners'] })).toEqual([
      ['x-auth-request-user', 'alice'],
      ['x-auth-request-provider', 'idp'],
    ]);
  });

  it('keeps the access token to itself where it is told to', () => {
    expect(identity({ sub: 'alice' }, { forwardAccessToken: false })).toEqual([['x-auth-request-user', 'alice']]);
  });

  it.each([[undefined], [''], [[]], [['']], [null], [{}], [{ a: 'b' }], [[null, {}, '']]])(
    'sets nothing for a claim that is %j (H4)',
    (groups) => {
      const claims: Record<string, JsonValue> = groups === undefined ? {} : { groups };
      expect(identity(claims, { forwardAccessToken: false })).toEqual([]);
    },
  );

  it.each([
    [7, '7'],
    [0, '0'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [false, 'false'],
    [['a', 1, true, null, 'b'], 'a,1,true,b'],
    [['a,b', 'c'], 'a%2Cb,c'],
    [['a%2Cb'], 'a%252Cb'],
    [[['a', 'b'], 'c'], 'a%2Cb,c'],
    ['Zoë', 'Zo%C3%AB'],
    [['staff\r\nX-Auth-Request-User: root'], 'staff%0D%0AX-Auth-Request-User: root'],
  ])('writes the claim %j as %j (H16)', (claim, value) => {
    expect(groupsHeader(claim)).toBe(value);
  });

  it('writes printable ASCII alone, whatever the claims (H16, T11)', () => {
    fc.assert(
      fc.property(anyJson, (claim) => {
        for (const [, text] of identity({ sub: claim, groups: claim })) expect(text).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });

  it('lets no group pose as two: the list comes back as it was', () => {
    const group = fc.string({ unit: fc.constantFrom(...'ab,% é'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1 }), (groups) => {
        expect(groupsHeader(groups)?.split(',').map(decodeURIComponent)).toEqual(groups);
      }),
    );
  });

  it('reads no claim from Object.prototype (H12)', () => {
    const named = { 'X-A': 'constructor', 'X-B': '__proto__', 'X-C': 'toString' };
    expect(identity({}, { headers: named, forwardAccessToken: false })).toEqual([]);
  });
});
