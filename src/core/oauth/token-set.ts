import type { Secret } from '../secret.ts';
import type { EpochMilliseconds, EpochSeconds } from '../time.ts';

/** The tokens of one grant (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). */
export interface TokenSet {
  /** Matches the b64token grammar of RFC 6750 §2.1, so that it can be sent in a header as it is. */
  readonly accessToken: Secret<string>;
  /** When the access token was received, by our clock. */
  readonly obtainedAt: EpochMilliseconds;
  /** When the access token ends; undefined when the authorization server did not say. */
  readonly expiresAt: EpochSeconds | undefined;
  readonly refreshToken: Secret<string> | undefined;
  readonly idToken: Secret<string> | undefined;
  /** Space-separated scope values as granted; undefined when the server did not say. */
  readonly scope: string | undefined;
}
