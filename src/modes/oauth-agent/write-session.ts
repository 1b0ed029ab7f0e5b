import type { Session } from '../../core/session/session.ts';
import { encodeContents } from './cookie-codec.ts';
import type { PlacedCookie } from './cookies.ts';
import type { SessionCookies } from './session-cookies.ts';
import type { StateParts } from './state-parts.ts';

/** What is sealed in each of the cookies of a session. Undefined: the browser has nothing of the kind any more. */
interface Plaintexts {
  readonly at: Uint8Array;
  readonly auth: Uint8Array | undefined;
  /** `unchanged`: its cookie did not come with the request, and what it holds is still good. */
  readonly id: Uint8Array | undefined | 'unchanged';
}

/**
 * The Set-Cookie values that give the browser a session, without its CSRF token; undefined when browsers would not keep
 * all of them. `isNew`: nothing of it is there yet.
 */
export function writeSession(
  session: Session,
  { key, isNew }: { readonly key: string; readonly isNew: boolean },
  kept: SessionCookies,
  { cookies, seal }: Pick<StateParts, 'cookies' | 'seal'>,
): readonly string[] | undefined {
  const { at, auth, id } = seal.writes === 1 ? version1Of(session, isNew) : version2Of(session, key);
  const write = (cookie: PlacedCookie, plaintext: Uint8Array | undefined) =>
    plaintext === undefined ? kept.clear(cookie) : kept.write(cookie, plaintext);
  const written = [write(cookies.at, at), write(cookies.auth, auth), id === 'unchanged' ? [] : write(cookies.id, id)];
  const whole = written.filter((values) => values !== undefined);
  return whole.length === written.length ? whole.flat() : undefined;
}

function version2Of(session: Session, key: string): Plaintexts {
  const { refreshToken, idToken } = session.tokenSet;
  const { claims } = session;
  return {
    at: encodeContents({ kind: 'session', key, session, hasRefreshToken: refreshToken !== undefined }),
    auth: refreshToken && encodeContents({ kind: 'refresh_token', key, token: refreshToken }),
    id:
      idToken !== undefined
        ? encodeContents({ kind: 'id_token', key, token: idToken })
        : claims.size > 0
          ? encodeContents({ kind: 'claims', key, claims })
          : undefined,
  };
}

/** The tokens as they are. The endpoint that refreshes does not get the ID token there, which stays when there is no new one. */
function version1Of({ tokenSet }: Session, isNew: boolean): Plaintexts {
  const { accessToken, refreshToken, idToken } = tokenSet;
  return {
    at: Buffer.from(accessToken.reveal()),
    auth: refreshToken && Buffer.from(refreshToken.reveal()),
    id: idToken === undefined && !isNew ? 'unchanged' : idToken && Buffer.from(idToken.reveal()),
  };
}
