import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../json.ts';
import { type AdmissionRequirements, admissionRefusal } from './admission.ts';

const strict = { groupsClaim: 'groups', allowsUnverifiedEmail: false };
const trusting = { ...strict, allowsUnverifiedEmail: true };

function refusal(claims: Readonly<Record<string, JsonValue>>, requirements: AdmissionRequirements, settings = strict) {
  return admissionRefusal(new Map(Object.entries(claims)), requirements, settings);
}

function verified(email: JsonValue) {
  return { email, email_verified: true };
}

describe('admissionRefusal', () => {
  it('lets everybody in where nothing is demanded', () => {
    expect(refusal({}, {})).toBeUndefined();
    expect(refusal({ email: 'x', email_verified: false }, {})).toBeUndefined();
  });

  it('lets in any verified address, and no other, where that is demanded (T10)', () => {
    expect(refusal(verified('a@anywhere.example'), { verifiedEmail: true })).toBeUndefined();
    expect(refusal({ email: 'a@anywhere.example', email_verified: false }, { verifiedEmail: true })).toBe(
      'email_not_verified',
    );
    expect(refusal({ email: 'a@anywhere.example' }, { verifiedEmail: true })).toBe('email_not_verified');
    expect(refusal({ email: 'a@anywhere.example' }, { verifiedEmail: true }, trusting)).toBeUndefined();
  });

  it.each(['alice@example.com', 'ALICE@Example.COM'])('lets in %j by address, without case', (email) => {
    expect(refusal(verified(email), { emails: ['Alice@example.com'] })).toBeUndefined();
  });

  it('lets in by exact domain, without case', () => {
    expect(refusal(verified('bob@CORP.example'), { domains: ['corp.EXAMPLE'] })).toBeUndefined();
  });

  it('lets addresses and domains widen each other', () => {
    const both = { emails: ['guest@other.example'], domains: ['corp.example'] };
    expect(refusal(verified('guest@other.example'), both)).toBeUndefined();
    expect(refusal(verified('any@corp.example'), both)).toBeUndefined();
    expect(refusal(verified('any@other.example'), both)).toBe('email_not_allowed');
  });

  it.each([
    ['a@evil.example@corp.example'],
    ['a@corp.example@evil.example'],
    ['a@sub.corp.example'],
    ['a@xcorp.example'],
    ['a@corp.example.evil.example'],
    ['a@corp.example.'],
    ['a@corp.example '],
    ['a@corp.example\n'],
    ['@corp.example'],
    ['corp.example'],
    ['a@'],
    [''],
    ['a%40corp.example'],
    ['a\uff20corp.example'],
    ['a@c\u00f6rp.example'],
    [['a@corp.example']],
    [{ value: 'a@corp.example' }],
    [null],
    [7],
  ])('refuses the address %j for the domain corp.example (T10)', (email) => {
    expect(refusal(verified(email), { domains: ['corp.example'] })).toBe('email_not_allowed');
  });

  it.each([
    ['nic\u212a@corp.example', 'nick@corp.example'],
    ['nick@corp.example', 'nic\u212a@corp.example'],
    ['\u0130nfo@corp.example', 'info@corp.example'],
  ])('does not take the mailbox %j for %j, though Unicode folds them (T10)', (email, allowed) => {
    expect(refusal(verified(email), { emails: [allowed] })).toBe('email_not_allowed');
  });

  it('does not take a letter that Unicode folds for one of the domain (T10)', () => {
    expect(refusal(verified('a@\u212aube.example'), { domains: ['kube.example'] })).toBe('email_not_allowed');
  });

  it.each([undefined, false, 'true', 1, null, [true]])(
    'counts no address with email_verified %j, unless the operator vouches for the provider (T10)',
    (flag) => {
      const claims: Record<string, JsonValue> = {
        email: 'a@corp.example',
        ...(flag === undefined ? {} : { email_verified: flag }),
      };
      expect(refusal(claims, { emails: ['a@corp.example'] })).toBe('email_not_verified');
      expect(refusal(claims, { domains: ['corp.example'] })).toBe('email_not_verified');
      expect(refusal(claims, { domains: ['corp.example'] }, trusting)).toBeUndefined();
    },
  );

  it('lets nobody in without an address where one is demanded', () => {
    expect(refusal({ email_verified: true }, { emails: ['a@corp.example'] })).toBe('email_not_allowed');
    expect(refusal({}, { emails: [] }, trusting)).toBe('email_not_allowed');
  });

  it('demands one of the groups, compared exactly', () => {
    const admins = { groups: ['admins', 'root'] };
    expect(refusal({ groups: ['staff', 'admins'] }, admins)).toBeUndefined();
    expect(refusal({ groups: 'root' }, admins)).toBeUndefined();
    for (const groups of [
      ['Admins'],
      ['admins '],
      ['admins,root'],
      'admins,root',
      [['admins']],
      { admins: true },
      [],
      true,
    ]) {
      expect(refusal({ groups }, admins)).toBe('group_not_allowed');
    }
    expect(refusal({}, admins)).toBe('group_not_allowed');
    expect(refusal({ groups: ['admins'] }, { groups: [] })).toBe('group_not_allowed');
  });

  it('reads groups from the claim that the operator names', () => {
    const settings = { ...strict, groupsClaim: 'roles' };
    expect(refusal({ roles: ['admins'], groups: [] }, { groups: ['admins'] }, settings)).toBeUndefined();
    expect(refusal({ groups: ['admins'] }, { groups: ['admins'] }, settings)).toBe('group_not_allowed');
  });

  it('lets groups narrow addresses', () => {
    const both = { domains: ['corp.example'], groups: ['admins'] };
    expect(refusal({ ...verified('a@corp.example'), groups: ['admins'] }, both)).toBeUndefined();
    expect(refusal({ ...verified('a@corp.example'), groups: ['staff'] }, both)).toBe('group_not_allowed');
    expect(refusal({ ...verified('a@evil.example'), groups: ['admins'] }, both)).toBe('email_not_allowed');
  });
});
