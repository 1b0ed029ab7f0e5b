import { describe, expect, it } from 'vitest';
import { epochSecondsOf, secondsOf } from '../../core/time.ts';
import { sessionOfVersion1, takenOver } from './version1-session.ts';

const now = epochSecondsOf(1_790_000_000);
const provider = { name: 'idp', registration: 'https://idp.example#app' };
const jwt = (payload: unknown) => Buffer.from(`e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`);
const sessionOf = (access: Uint8Array, rest: { refresh?: Uint8Array; id?: Uint8Array } = {}) =>
  sessionOfVersion1({ access, refresh: rest.refresh, id: rest.id }, 'spa', provider, now);
const tokenSetOf = (payload: unknown) => sessionOf(jwt(payload))?.tokenSet;

describe('the session that cookies of form 0x01 amount to', () => {
  it('is of this instance and provider, of nobody, and has no end', () => {
    expect(sessionOf(Buffer.from('opaque'))).toMatchObject({
      instance: 'spa',
      provider: 'idp',
      registration: 'https://idp.example#app',
      subject: '',
      createdAt: 0,
      healedAt: undefined,
      tokenSet: { obtainedAt: 0, expiresAt: undefined },
    });
    expect(sessionOf(Buffer.from('opaque'))?.endsAt).toBeGreaterThan(now + 1_000_000_000);
  });

  const ours = { iss: 'https://idp.example', sub: 'alice' };
  it.each<readonly [unknown, boolean]>([
    [{ ...ours, aud: 'app' }, true],
    [{ ...ours, aud: ['api', 'app'] }, true],
    [{ ...ours, aud: 'api' }, false],
    [{ ...ours, aud: [] }, false],
    [ours, false],
    [{ ...ours, aud: 'app', iss: 'https://other.example' }, false],
    ['a text', false],
  ])('says what its ID token %j says where it is one for us, and keeps no token of it', (payload, isForUs) => {
    const session = sessionOf(Buffer.from('opaque'), { id: jwt(payload) });
    expect(Object.fromEntries(session?.claims ?? [])).toEqual(isForUs ? payload : {});
    expect(session?.tokenSet.idToken).toBeUndefined();
  });

  it.each([
    [{ exp: now + 60.5, iat: now - 60 }, now + 60, (now - 60) * 1000],
    [{ exp: now + 60 }, now + 60, 0],
    [{ exp: -1, iat: now + 60 }, -1, 0],
    [{ exp: '60', iat: null }, undefined, 0],
    [{ exp: 1e99, iat: 1e99 }, undefined, 0],
  ])('reads of a JWT %j when it ends and began (F9)', (payload, expiresAt, obtainedAt) => {
    expect(tokenSetOf(payload)).toMatchObject({ expiresAt, obtainedAt });
  });

  it.each([
    [Buffer.of(), {}],
    [Buffer.of(0xff), {}],
    [Buffer.from('a b'), {}],
    [Buffer.from('=a'), {}],
    [Buffer.from('a\n'), {}],
    [Buffer.from('a'), { refresh: Buffer.of() }],
    [Buffer.from('a'), { refresh: Buffer.of(0) }],
    [Buffer.from('a'), { id: Buffer.of() }],
    [Buffer.from('a'), { id: Buffer.from('a\r\n') }],
  ])('is none of what is no token: %j %j (H16)', (access, rest) => {
    expect(sessionOf(access, rest)).toBeUndefined();
  });

  it('gets an end when it is taken over, and its user where a new ID token has named him', () => {
    const session = sessionOf(Buffer.from('opaque'));
    if (session === undefined) throw new Error('no session');
    const ends = { createdAt: now, endsAt: now + 3600 };
    expect(takenOver(session, now, secondsOf(3600))).toEqual({ ...session, ...ends });
    for (const [sub, subject] of [
      ['alice', 'alice'],
      [1, ''],
    ] as const) {
      const known = { ...session, claims: new Map([['sub', sub]]) };
      expect(takenOver(known, now, secondsOf(3600))).toEqual({ ...known, ...ends, subject });
    }
  });
});
