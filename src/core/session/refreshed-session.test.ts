import { describe, expect, it } from 'vitest';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { epochMillisecondsOf, epochSecondsOf, secondsOf } from '../time.ts';
import { refreshedSession } from './refreshed-session.ts';

const now = epochMillisecondsOf(5_000_900);
const tokenSet = tokenSetAt(5000);

describe('refreshedSession', () => {
  it('has the new tokens and is otherwise as it was', () => {
    const session = sessionAt(1000);
    const refreshed = refreshedSession(
      session,
      { tokenSet, claims: undefined, withdrawn: [] },
      { kind: 'expired' },
      now,
    );
    expect(refreshed).toEqual({ ...session, tokenSet });
  });

  it('has the claims of the new ID token, and of the login what that does not say', () => {
    const claims = new Map([['groups', ['guests']]]);
    const refreshed = refreshedSession(sessionAt(1000), { tokenSet, claims, withdrawn: [] }, { kind: 'near_end' }, now);
    expect(refreshed.claims.get('groups')).toEqual(['guests']);
    expect(refreshed.claims.get('email')).toBe('alice@example.com');
  });

  it('keeps no group that the new ID token has no more, and the name all the same', () => {
    const claims = new Map([['email', 'alice@example.com']]);
    const withdrawn = ['groups', 'name', 'never_there'];
    const refreshed = refreshedSession(sessionAt(1000), { tokenSet, claims, withdrawn }, { kind: 'near_end' }, now);
    expect(refreshed.claims.has('groups')).toBe(false);
    expect(refreshed.claims.get('name')).toBe('Alice Adams');
  });

  it('notes when a refused token was the reason, and forgets no earlier note', () => {
    const rejected = { kind: 'rejected', requestedAt: now, cooldown: secondsOf(30) } as const;
    const healed = refreshedSession(sessionAt(1000), { tokenSet, claims: undefined, withdrawn: [] }, rejected, now);
    expect(healed.healedAt).toBe(epochSecondsOf(5000));
    expect(
      refreshedSession(healed, { tokenSet, claims: undefined, withdrawn: [] }, { kind: 'expired' }, now).healedAt,
    ).toBe(5000);
  });
});
