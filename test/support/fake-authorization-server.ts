import { codeChallengeOf } from '../../src/core/oauth/pkce.ts';
import { epochSecondsOf } from '../../src/core/time.ts';
import type {
  Authentication,
  AuthorizationServer,
  LogoutRequest,
  LogoutToken,
  Redemption,
  RedemptionChecks,
} from '../../src/ports/authorization-server.ts';
import { sessionAt } from './session.ts';

/** An authorization server in memory, strict as a real one, that does what a test tells it to. */
export interface FakeAuthorizationServer extends AuthorizationServer {
  /** Every redemption that was tried. */
  readonly redemptions: readonly { readonly response: URL; readonly checks: RedemptionChecks }[];
  readonly logouts: readonly LogoutRequest[];
  /** Makes a logout token that is good, and says what it says. */
  logoutToken(parts: { readonly subject?: string; readonly sid?: string }): string;
  /** Refresh tokens that were revoked. */
  readonly revoked: readonly (string | undefined)[];
  /** Logs the user in who was sent to `url`, and returns the query of the authorization response. */
  approve(url: string): string;
  /** As {@link FakeAuthorizationServer.approve}, for a user who says no. */
  decline(url: string, error?: string): string;
  /** What later redemptions yield in place of a validated answer; undefined is the normal answer again. */
  answer(redemption: Redemption | undefined): void;
  /** Who later redemptions authenticate. */
  logInAs(parts: Partial<Authentication>): void;
  /** Cannot be asked any more, or can again. */
  setReachable(isReachable: boolean): void;
}

export interface FakeAuthorizationServerOptions {
  readonly name?: string;
  readonly issuer?: string;
  readonly sendsIss?: boolean;
  readonly vouchesForEmail?: boolean;
  readonly responseMode?: 'query' | 'form_post';
  readonly hasLogout?: boolean;
  /** When its tokens are obtained, in seconds since the epoch. */
  readonly now: () => number;
}

export function fakeAuthorizationServer(options: FakeAuthorizationServerOptions): FakeAuthorizationServer {
  const { name = 'idp', issuer = 'https://idp.example', sendsIss = true, hasLogout = true } = options;
  const grants = new Map<string, { readonly request: URLSearchParams }>();
  const redemptions: { response: URL; checks: RedemptionChecks }[] = [];
  const logouts: LogoutRequest[] = [];
  const logoutTokens = new Map<string, LogoutToken>();
  const revoked: (string | undefined)[] = [];
  const unavailable = { kind: 'unavailable', detail: 'connect ECONNREFUSED' } as const;
  let reachable = true;
  let fixedAnswer: Redemption | undefined;
  let user: Partial<Authentication> = {};

  function responseTo(url: string, parameters: Readonly<Record<string, string>>): string {
    const state = new URL(url).searchParams.get('state') ?? '';
    return new URLSearchParams({ ...parameters, state, ...(sendsIss ? { iss: issuer } : {}) }).toString();
  }

  function redeem(response: URL, checks: RedemptionChecks): Redemption {
    const code = response.searchParams.get('code') ?? '';
    const request = grants.get(code)?.request;
    grants.delete(code);
    if (
      request === undefined ||
      request.get('redirect_uri') !== `${response.origin}${response.pathname}` ||
      request.get('code_challenge') !== codeChallengeOf(checks.codeVerifier)
    ) {
      return { kind: 'refused', code: 'invalid_grant', detail: 'the provider answered invalid_grant' };
    }
    if (request.get('nonce') !== checks.nonce || response.searchParams.get('state') !== checks.state) {
      return { kind: 'refused', code: 'invalid_response', detail: 'nonce or state differs' };
    }
    const { subject, providerSessionId, claims, tokenSet } = sessionAt(options.now());
    return { kind: 'authenticated', authentication: { subject, providerSessionId, claims, tokenSet, ...user } };
  }

  return {
    name,
    label: name,
    responseMode: options.responseMode ?? 'query',
    registration: `${issuer}#app`,
    vouchesForEmail: options.vouchesForEmail ?? false,
    redemptions,
    logouts,
    revoked,
    async issuer() {
      return reachable ? { issuer, sendsIss } : unavailable;
    },
    async authorizationUrl(request) {
      if (!reachable) return unavailable;
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: 'sallyport',
        redirect_uri: request.redirectUri,
        state: request.state,
        nonce: request.nonce,
        code_challenge: request.codeChallenge,
        code_challenge_method: 'S256',
      });
      return { kind: 'url', url: `${issuer}/authorize?${query}` };
    },
    async redeem(response, checks) {
      redemptions.push({ response, checks });
      if (!reachable) return unavailable;
      return fixedAnswer ?? redeem(response, checks);
    },
    async endSessionUrl(request) {
      if (!reachable || !hasLogout) return undefined;
      logouts.push(request);
      return `${issuer}/logout?${new URLSearchParams({ state: request.state })}`;
    },
    async verifyLogoutToken(token) {
      if (!reachable) return unavailable;
      return logoutTokens.get(token) ?? { kind: 'refused', detail: 'the test did not sign it' };
    },
    async revoke({ refreshToken }) {
      if (!reachable) return { kind: 'failed', detail: unavailable.detail };
      revoked.push(refreshToken?.reveal());
      return { kind: 'revoked' };
    },
    status: () => (reachable ? 'ready' : 'unavailable'),
    close: () => undefined,
    logoutToken({ subject, sid: providerSessionId }) {
      const tokenId = `logout-${name}-${logoutTokens.size}`;
      const issuedAt = epochSecondsOf(options.now());
      const endsAt = epochSecondsOf(options.now() + 600);
      logoutTokens.set(tokenId, { kind: 'valid', subject, providerSessionId, tokenId, issuedAt, endsAt });
      return tokenId;
    },
    approve(url) {
      const code = `code-${grants.size + redemptions.length + 1}`;
      grants.set(code, { request: new URL(url).searchParams });
      return responseTo(url, { code });
    },
    decline: (url, error = 'access_denied') => responseTo(url, { error }),
    answer: (redemption) => {
      fixedAnswer = redemption;
    },
    logInAs: (parts) => {
      user = parts;
    },
    setReachable: (isReachable) => {
      reachable = isReachable;
    },
  };
}
