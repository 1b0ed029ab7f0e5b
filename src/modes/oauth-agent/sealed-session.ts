import type { HttpRequest } from '../../core/http/request.ts';
import type { Session } from '../../core/session/session.ts';
import { decodeContents } from './cookie-codec.ts';
import type { OpenedCookie, SessionCookies } from './session-cookies.ts';
import type { StateParts } from './state-parts.ts';
import { sessionOfVersion1 } from './version1-session.ts';

/** What the cookies of a sealed session say together. Whether it still lives is not asked here. */
export type OpenedSession =
  | { readonly kind: 'none' | 'invalid' }
  | {
      readonly kind: 'opened';
      readonly version: 1 | 2;
      readonly key: string;
      /** With what came: refresh token, ID token and claims only where the path is theirs. */
      readonly session: Session;
      /** True where that is not known. */
      readonly hasRefreshToken: boolean;
    };

type Came = Exclude<OpenedCookie, { readonly kind: 'invalid' }>;

const invalid: OpenedSession = { kind: 'invalid' };

/** The session of a request's cookies: none where they are of several sessions or forms (S6). */
export function openSession(request: HttpRequest, cookies: SessionCookies, parts: StateParts): OpenedSession {
  const at = cookies.open(request, parts.cookies.at);
  const auth = cookies.open(request, parts.cookies.auth);
  const id = cookies.open(request, parts.cookies.id);
  if (at.kind === 'invalid' || auth.kind === 'invalid' || id.kind === 'invalid') return invalid;
  if (at.kind === 'absent') return auth.kind === 'absent' && id.kind === 'absent' ? { kind: 'none' } : invalid;
  if ([auth, id].some((cookie) => cookie.kind === 'opened' && cookie.version !== at.version)) return invalid;
  return at.version === 1 ? openVersion1(at.plaintext, auth, id, request, parts) : openVersion2(at.plaintext, auth, id);
}

function openVersion2(at: Uint8Array, auth: Came, id: Came): OpenedSession {
  const main = decodeContents(at);
  const refresh = auth.kind === 'absent' ? undefined : decodeContents(auth.plaintext);
  const identity = id.kind === 'absent' ? undefined : decodeContents(id.plaintext);
  if (main?.kind !== 'session') return invalid;
  if (auth.kind === 'opened' && (refresh?.kind !== 'refresh_token' || refresh.key !== main.key)) return invalid;
  if (id.kind === 'opened' && identity?.key !== main.key) return invalid;
  const refreshToken = refresh?.kind === 'refresh_token' ? refresh.token : undefined;
  const { session } = main;
  return {
    kind: 'opened',
    version: 2,
    key: main.key,
    session: {
      ...session,
      claims: identity?.kind === 'claims' ? identity.claims : session.claims,
      tokenSet: {
        ...session.tokenSet,
        refreshToken,
        idToken: identity?.kind === 'id_token' ? identity.token : undefined,
      },
    },
    hasRefreshToken: main.hasRefreshToken,
  };
}

function openVersion1(
  access: Uint8Array,
  auth: Came,
  id: Came,
  request: HttpRequest,
  { instance, provider, csrf, services }: StateParts,
): OpenedSession {
  const bytesOf = (cookie: Came) => (cookie.kind === 'absent' ? undefined : cookie.plaintext);
  const tokens = { access, refresh: bytesOf(auth), id: bytesOf(id) };
  const session = sessionOfVersion1(tokens, instance, provider, services.clock.now());
  if (session === undefined) return invalid;
  const key = csrf.version1KeyOf(request);
  return { kind: 'opened', version: 1, key, session, hasRefreshToken: true };
}
