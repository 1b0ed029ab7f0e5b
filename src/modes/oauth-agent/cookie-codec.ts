import { type Claims, claimsOf, parseJsonBytes } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import type { Session } from '../../core/session/session.ts';
import { decodeSession, encodeSession } from '../../core/session/session-codec.ts';

/** What a cookie of form 0x02 holds. `key`: the session that it belongs to. */
export type CookieContents = { readonly key: string } & (
  | {
      readonly kind: 'session';
      /** Its refresh token, ID token and claims have cookies of their own. */
      readonly session: Session;
      /** Whether a refresh token was given out with it. */
      readonly hasRefreshToken: boolean;
    }
  | { readonly kind: 'refresh_token' | 'id_token' | 'csrf_token'; readonly token: Secret<string> }
  /** In place of the ID token, where the provider issues none. */
  | { readonly kind: 'claims'; readonly claims: Claims }
);

/** Version of the shape below. A value of another version opens nothing. */
const version = 1;

/** The second byte. */
const tags = {
  session: 1,
  refreshable_session: 2,
  refresh_token: 3,
  id_token: 4,
  csrf_token: 5,
  claims: 6,
} as const;

const headLength = 3;

/**
 * Version ‖ tag ‖ length of the key ‖ key ‖ the rest, all text in UTF-8. It holds tokens in the clear: it goes into a
 * sealer and nowhere else. Throws for a key of more than 255 bytes, which we never make.
 */
export function encodeContents(contents: CookieContents): Uint8Array {
  const key = Buffer.from(contents.key);
  if (key.length > 255) throw new Error('the key of a session is too long');
  return Buffer.concat([Buffer.of(version, tagOf(contents), key.length), key, bodyOf(contents)]);
}

/** Undefined for anything that {@link encodeContents} of this version did not write. */
export function decodeContents(bytes: Uint8Array): CookieContents | undefined {
  const [found, tag, keyLength = 0] = bytes;
  const bodyStart = headLength + keyLength;
  if (found !== version || bytes.length < bodyStart) return undefined;
  const key = textOf(bytes.subarray(headLength, bodyStart));
  const body = bytes.subarray(bodyStart);
  if (key === undefined) return undefined;
  switch (tag) {
    case tags.session:
    case tags.refreshable_session: {
      const session = decodeSession(body);
      return session && { kind: 'session', key, session, hasRefreshToken: tag === tags.refreshable_session };
    }
    case tags.refresh_token:
      return tokenOf('refresh_token', key, body);
    case tags.id_token:
      return tokenOf('id_token', key, body);
    case tags.csrf_token:
      return tokenOf('csrf_token', key, body);
    case tags.claims:
      return { kind: 'claims', key, claims: claimsOf(parseJsonBytes(body)) };
    default:
      return undefined;
  }
}

function tagOf(contents: CookieContents): number {
  if (contents.kind !== 'session') return tags[contents.kind];
  return contents.hasRefreshToken ? tags.refreshable_session : tags.session;
}

function bodyOf(contents: CookieContents): Uint8Array {
  switch (contents.kind) {
    case 'session':
      return encodeSession(withoutCompanions(contents.session));
    case 'claims':
      // fromEntries defines members: a claim named `__proto__` stays one.
      return Buffer.from(JSON.stringify(Object.fromEntries(contents.claims)));
    case 'refresh_token':
    case 'id_token':
    case 'csrf_token':
      return Buffer.from(contents.token.reveal());
  }
}

function withoutCompanions(session: Session): Session {
  return {
    ...session,
    claims: new Map(),
    tokenSet: { ...session.tokenSet, refreshToken: undefined, idToken: undefined },
  };
}

function tokenOf(
  kind: 'refresh_token' | 'id_token' | 'csrf_token',
  key: string,
  body: Uint8Array,
): CookieContents | undefined {
  const text = textOf(body);
  return text === undefined || text === '' ? undefined : { kind, key, token: new Secret(text) };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
