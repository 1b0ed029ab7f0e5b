import type { TokenSet } from '../../src/core/oauth/token-set.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Session } from '../../src/core/session/session.ts';
import { epochMillisecondsOf, epochSecondsOf } from '../../src/core/time.ts';

/** A token set that was obtained at `obtainedAt` and lives for an hour. */
export function tokenSetAt(obtainedAt: number, parts: Partial<TokenSet> = {}): TokenSet {
  return {
    accessToken: new Secret('canary-access-token'),
    obtainedAt: epochMillisecondsOf(obtainedAt * 1000),
    expiresAt: epochSecondsOf(obtainedAt + 3600),
    refreshToken: new Secret('canary-refresh-token'),
    idToken: new Secret('canary-id-token'),
    scope: 'openid email',
    ...parts,
  };
}

/** Alice's session of the instance `web` at the provider `idp`, begun at `createdAt`, for twelve hours at most. */
export function sessionAt(createdAt: number, parts: Partial<Session> = {}): Session {
  return {
    instance: 'web',
    provider: 'idp',
    registration: 'https://idp.example#app',
    subject: 'alice',
    providerSessionId: 'provider-session',
    claims: new Map<string, string | boolean | string[]>([
      ['sub', 'alice'],
      ['email', 'alice@example.com'],
      ['email_verified', true],
      ['name', 'Alice Adams'],
      ['groups', ['staff', 'admins']],
    ]),
    tokenSet: tokenSetAt(createdAt),
    createdAt: epochSecondsOf(createdAt),
    endsAt: epochSecondsOf(createdAt + 12 * 3600),
    healedAt: undefined,
    ...parts,
  };
}
