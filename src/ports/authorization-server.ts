import type { Claims } from '../core/json.ts';
import type { TokenSet } from '../core/oauth/token-set.ts';
import type { Secret } from '../core/secret.ts';
import type { EpochSeconds, Seconds } from '../core/time.ts';

/** What a relying party asks of the authorization endpoint. `response_type=code` and S256 are always sent. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** base64url(SHA-256(code_verifier)), RFC 7636 §4.2. */
  readonly codeChallenge: string;
  /** What the application adds; no name for which {@link AuthorizationServer.isReserved} holds. */
  readonly extraParameters: ReadonlyMap<string, string>;
}

/** What must hold for an authorization response to be redeemed. */
export interface RedemptionChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** `max_age` of the request: then `auth_time` must be there and young enough (OpenID Connect Core §3.1.3.7). */
  readonly maxAge: Seconds | undefined;
}

export interface Authentication {
  readonly tokenSet: TokenSet;
  readonly subject: string;
  readonly providerSessionId: string | undefined;
  readonly claims: Claims;
}

/** The provider could not be asked, or gave an answer that says nothing about the request (5xx, 429, time-out). */
export interface ProviderUnavailable {
  readonly kind: 'unavailable';
  /** For our log only. */
  readonly detail: string;
}

export type AuthorizationUrl = { readonly kind: 'url'; readonly url: string } | ProviderUnavailable;

export type Redemption =
  | { readonly kind: 'authenticated'; readonly authentication: Authentication }
  /** `code`: an RFC 6749 / OpenID error code, or `invalid_response` for an answer that failed validation. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | ProviderUnavailable;

/** What a refresh goes out from: the grant as it is known so far. */
export interface RefreshableGrant {
  readonly refreshToken: Secret<string>;
  readonly tokenSet: TokenSet;
  /** `sub` of the first ID token; undefined where it is not known, and then not compared. */
  readonly subject: string | undefined;
}

/** What whoever refreshes has to do on the way. */
export interface RefreshSteps {
  /**
   * Asked right before the request is sent, when all that it needs is there. False: it is not sent, and the outcome is
   * `unavailable`.
   */
  maySend(): Promise<boolean>;
  /** Called, and waited for, when the answer holds another refresh token, before anything else in it is looked at. */
  rotated(refreshToken: Secret<string>): Promise<void>;
}

export type Refresh =
  | {
      readonly kind: 'refreshed';
      /**
       * Complete: what the answer leaves out (refresh token, ID token, scope, lifetime) is as before (RFC 6749 §5.1, §6).
       */
      readonly tokenSet: TokenSet;
      /** Of the new ID token, validated; undefined when the answer had none. */
      readonly claims: Claims | undefined;
      /** Names of claims that the ID token before had and the new one has not. */
      readonly withdrawn: readonly string[];
    }
  /**
   * The grant is over: the provider said so (an error of RFC 6749 §5.2 with the status that belongs to it), its answer is
   * no token response, or the ID token is not about the same user (OpenID Connect Core §12.2). `code` as in {@link Redemption}.
   */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** Nothing is known about the grant: no answer, another status, or an answer that is not the provider's (of a proxy). */
  | {
      readonly kind: 'unavailable';
      readonly detail: string;
      /** `Retry-After` of a 429 or 503 (RFC 9110 §10.2.3). */
      readonly retryAfter: Seconds | undefined;
      /** The request was sent and the connection ended without an answer: the token may have been rotated. */
      readonly isLost: boolean;
    };

/** What a logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4): a user, one of his sessions, or both. */
export type LogoutToken =
  | {
      readonly kind: 'valid';
      readonly subject: string | undefined;
      readonly providerSessionId: string | undefined;
      readonly issuedAt: EpochSeconds;
      /** Names the token, for once-markers. */
      readonly tokenId: string;
      /** After that it is refused by its age. */
      readonly endsAt: EpochSeconds;
    }
  /** Of another issuer, or wrong in itself. */
  | { readonly kind: 'refused'; readonly detail: string }
  | ProviderUnavailable;

export type Revocation =
  | { readonly kind: 'revoked' }
  /** The provider publishes no revocation endpoint. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'failed'; readonly detail: string };

export interface LogoutRequest {
  readonly idToken: Secret<string> | undefined;
  readonly postLogoutRedirectUri: string;
  readonly state: string | undefined;
}

/** What the userinfo endpoint said (OpenID Connect Core §5.3). */
export type Userinfo =
  | { readonly kind: 'claims'; readonly claims: Claims }
  /** 401: the access token has ended or was revoked (RFC 6750 §3.1). */
  | { readonly kind: 'expired' }
  /** The provider publishes no userinfo endpoint. */
  | { readonly kind: 'unsupported' }
  /** Another 4xx. `code`: of its body or challenge, else `invalid_request`. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** Not an answer that can be used, or about another user (OpenID Connect Core §5.3.2). */
  | { readonly kind: 'invalid'; readonly detail: string }
  | ProviderUnavailable;

/** What the introspection endpoint said about an access token (RFC 7662 §2.2). */
export type Introspection =
  | {
      readonly kind: 'active';
      /** The JWT that stands for the opaque token: the body as `application/jwt`, or the member `phantom_token`. */
      readonly phantomToken: Secret<string> | undefined;
      /** The earlier of `exp` in the answer and of `exp` in the JWT. */
      readonly expiresAt: EpochSeconds | undefined;
    }
  | { readonly kind: 'inactive' }
  /** The provider publishes no introspection endpoint. */
  | { readonly kind: 'unsupported' }
  | ProviderUnavailable;

/**
 * A configured provider, as its relying party sees it.
 *
 * Obligations: every call is bounded in time and bytes, follows no redirect, and throws only for a defect of
 * ours; what the provider does wrong is a value. The ID token is validated completely (OpenID Connect Core
 * §3.1.3.7) before `authenticated` is said.
 */
export interface AuthorizationServer {
  readonly name: string;
  /** What people know it by, for pages. */
  readonly label: string;
  /** Issuer and client id: the same name with another registration is another provider, whose `sub` is another's. */
  readonly registration: string;
  /** The operator lets its e-mail addresses count although it does not say `email_verified: true`. */
  readonly vouchesForEmail: boolean;
  /** How authorization responses come back: with `form_post` as a POST from the provider's origin. */
  readonly responseMode: 'query' | 'form_post';
  /** `iss` that its responses must carry, and whether it promised to send it (RFC 9207 §3). */
  issuer(): Promise<{ readonly issuer: string; readonly sendsIss: boolean } | ProviderUnavailable>;
  /** Whether a parameter of the authorization request is ours or the operator's, so that no application may set it. */
  isReserved(parameter: string): boolean;
  /** Plain, pushed (RFC 9126) or as a signed request object (RFC 9101), as the provider is configured. */
  authorizationUrl(request: AuthorizationRequest): Promise<AuthorizationUrl>;
  /** `response`: the redirect URI with the query as it arrived. */
  redeem(response: URL, checks: RedemptionChecks): Promise<Redemption>;
  /** Redeems a refresh token (RFC 6749 §6), once: it repeats nothing. What a step throws ends the refresh. */
  refresh(grant: RefreshableGrant, steps: RefreshSteps): Promise<Refresh>;
  /** `subject`: whom it must be about; undefined where that is not known. */
  userinfo(accessToken: Secret<string>, subject: string | undefined): Promise<Userinfo>;
  introspect(accessToken: Secret<string>): Promise<Introspection>;
  /** Where RP-initiated logout goes; undefined when the provider has no end_session_endpoint or cannot be asked. */
  endSessionUrl(request: LogoutRequest): Promise<string | undefined>;
  /**
   * Ends a grant at the provider (RFC 7009): by its refresh token, or else by its access token. Some providers accept a
   * refresh token after a logout.
   */
  revoke(tokenSet: TokenSet): Promise<Revocation>;
  /** Validates completely all but whether it came before (OpenID Connect Back-Channel Logout 1.0 §2.6). */
  verifyLogoutToken(token: string): Promise<LogoutToken>;
  /** For readiness bodies and metrics; never makes a request. */
  status(): 'ready' | 'unavailable' | 'not_asked';
  /** Lets go of connections and of what happens in the background; what is in flight ends by itself. */
  close(): void;
}
