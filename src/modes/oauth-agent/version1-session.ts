import type { Claims } from '../../core/json.ts';
import { jwtPayloadOf } from '../../core/oauth/jwt-payload.ts';
import { Secret } from '../../core/secret.ts';
import type { Session } from '../../core/session/session.ts';
import { after, type EpochSeconds, epochMillisecondsOf, epochSecondsOf, type Seconds } from '../../core/time.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';

/** The plaintexts of cookies of form 0x01: tokens as they are, and nothing else. */
export interface Version1Tokens {
  readonly access: Uint8Array;
  readonly refresh: Uint8Array | undefined;
  readonly id: Uint8Array | undefined;
}

/** Somewhere in the far future (9999-12-31), for an end that is not known. */
const noEnd = epochSecondsOf(253_402_300_799);

/**
 * The session that such cookies amount to; undefined for texts that are no tokens. Nobody knows whose it is and when it
 * ends: `subject` is '', and its end is far away. The end of its access token is known where that is a JWT; of an ID token
 * the claims alone are taken.
 */
export function sessionOfVersion1(
  { access, refresh, id }: Version1Tokens,
  instance: string,
  provider: Pick<AuthorizationServer, 'name' | 'registration'>,
  now: EpochSeconds,
): Session | undefined {
  const accessToken = textOf(access, bearerToken);
  const refreshToken = refresh && textOf(refresh, visible);
  const idToken = id && textOf(id, visible);
  if (accessToken === undefined) return undefined;
  // Empty bytes are no token either.
  if ((refresh !== undefined && refreshToken === undefined) || (id !== undefined && idToken === undefined))
    return undefined;
  const claims = jwtPayloadOf(accessToken);
  const issuedAt = momentOf(claims?.get('iat'));
  return {
    instance,
    provider: provider.name,
    registration: provider.registration,
    subject: '',
    providerSessionId: undefined,
    claims: claimsOfIdToken(idToken, provider.registration),
    tokenSet: {
      accessToken: new Secret(accessToken),
      // Not later than now: else no refresh would find it old enough.
      obtainedAt: epochMillisecondsOf(1000 * (issuedAt !== undefined && issuedAt <= now ? issuedAt : 0)),
      expiresAt: momentOf(claims?.get('exp')),
      refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
      // Never: whatever the key has sealed can stand in that cookie, and an ID token goes into the URL of a logout.
      idToken: undefined,
      scope: undefined,
    },
    createdAt: epochSecondsOf(0),
    endsAt: noEnd,
    healedAt: undefined,
  };
}

/** Of a JWT that the provider has made for us. Form 0x01 does not say that it is an ID token, nor that anybody checked it. */
function claimsOfIdToken(idToken: string | undefined, registration: string): Claims {
  const claims = idToken === undefined ? undefined : jwtPayloadOf(idToken);
  const audience = claims?.get('aud');
  const isOurs = [audience].flat().some((each) => `${claims?.get('iss')}#${each}` === registration);
  return claims !== undefined && isOurs ? claims : new Map();
}

/** Such a session as one of ours: its life begins now, and who the user is is known where a new ID token has said it. */
export function takenOver(session: Session, now: EpochSeconds, lifetime: Seconds): Session {
  const sub = session.claims.get('sub');
  return {
    ...session,
    subject: typeof sub === 'string' ? sub : session.subject,
    createdAt: now,
    endsAt: after(now, lifetime),
  };
}

/** RFC 6750 §2.1: what can be sent in a header as it is. */
const bearerToken = /^[A-Za-z0-9._~+/-]+=*$/;

/** RFC 6749 appendix A.17. */
const visible = /^[\x20-\x7e]+$/;

function textOf(bytes: Uint8Array, form: RegExp): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  return form.test(text) ? text : undefined;
}

function momentOf(claim: unknown): EpochSeconds | undefined {
  return typeof claim === 'number' && Number.isSafeInteger(Math.floor(claim)) ? epochSecondsOf(claim) : undefined;
}
