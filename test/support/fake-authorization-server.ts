import type { Claims } from '../../src/core/json.ts';
import { codeChallengeOf } from '../../src/core/oauth/pkce.ts';
import { Secret } from '../../src/core/secret.ts';
import { epochSecondsOf } from '../../src/core/time.ts';
import type {
  Authentication,
  AuthorizationServer,
  Introspection,
  LogoutRequest,
  LogoutToken,
  Redemption,
  RedemptionChecks,
  Refresh,
  Userinfo,
} from '../../src/ports/authorization-server.ts';
import { sessionAt, tokenSetAt } from './session.ts';

/** An authorization server in memory, strict as a real one, that does what a test tells it to. */
export interface FakeAuthorizationServer extends AuthorizationServer {
  /** Every redemption that was tried. */
  readonly redemptions: readonly { readonly response: URL; readonly checks: RedemptionChecks }[];
  readonly logouts: readonly LogoutRequest[];
  /** Makes a logout token that is good, and says what it says. */
  logoutToken(parts: { readonly subject?: string; readonly sid?: string }): string;
  /** Refresh tokens that it was asked to redeem, each for another one. */
  readonly refreshes: readonly string[];
  /** What the ID token of later refreshes says. */
  refreshWith(parts: { readonly claims: Claims }): void;
  /** Refresh tokens that were revoked. */
  readonly revoked: readonly (string | undefined)[];
  /** Logs the user in who was sent to `url`, and returns the query of the authorization response. */
  approve(url: string): string;
  /** As {@link FakeAuthorizationServer.approve}, for a user who says no. */
  decline(url: string, error?: string): string;
  /** What later redemptions yield in place of a validated answer; undefined is the normal answer again. */
  answer(redemption: Redemption | undefined): void;
  /** What later refreshes yield; undefined: another token set and another refresh token again. */
  answerRefresh(refresh: Refresh | undefined): void;
  /** Refreshes wait until the release. */
  holdRefreshes(): { release(): void };
  /** Who later redemptions authenticate. */
  logInAs(parts: Partial<Authentication>): void;
  /** Cannot be asked any more, or can again. */
  setReachable(isReachable: boolean): void;
  /** What later userinfo requests yield; undefined: `sub`, and an e-mail address, again. */
  answerUserinfo(userinfo: Userinfo | undefined): void;
  /** Access tokens that the userinfo endpoint was asked with. */
  readonly userinfos: readonly string[];
  /** What later introspections yield; undefined: a phantom token for each access token again. */
  answerIntrospection(introspection: Introspection | undefined): void;
  /** Access tokens that were introspected. */
  readonly introspections: readonly string[];
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

/** The parameters that it takes from nobody but the relying party. */
const reserved: ReadonlySet<string> = new Set([
  'response_type',
  'client_id',
  'redirect_uri',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
]);

export function fakeAuthorizationServer(options: FakeAuthorizationServerOptions): FakeAuthorizationServer {
  const { name = 'idp', issuer = 'https://idp.example', sendsIss = true, hasLogout = true } = options;
  const grants = new Map<string, { readonly request: URLSearchParams }>();
  const redemptions: { response: URL; checks: RedemptionChecks }[] = [];
  const logouts: LogoutRequest[] = [];
  const logoutTokens = new Map<string, LogoutToken>();
  const refreshes: string[] = [];
  const revoked: (string | undefined)[] = [];
  const userinfos: string[] = [];
  const introspections: string[] = [];
  const unavailable = { kind: 'unavailable', detail: 'connect ECONNREFUSED' } as const;
  let reachable = true;
  let refreshedClaims: Claims | undefined;
  let fixedAnswer: Redemption | undefined;
  let fixedRefresh: Refresh | undefined;
  let fixedUserinfo: Userinfo | undefined;
  let fixedIntrospection: Introspection | undefined;
  let gate = Promise.resolve();
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
    refreshes,
    userinfos,
    introspections,
    refreshWith({ claims }) {
      refreshedClaims = claims;
    },
    revoked,
    async issuer() {
      return reachable ? { issuer, sendsIss } : unavailable;
    },
    isReserved: (parameter) => reserved.has(parameter),
    async authorizationUrl(request) {
      if (!reachable) return unavailable;
      const query = new URLSearchParams({
        ...Object.fromEntries(request.extraParameters),
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
    async refresh({ refreshToken, tokenSet }, { maySend, rotated }) {
      if (!reachable || !(await maySend())) return { ...unavailable, retryAfter: undefined, isLost: false };
      refreshes.push(refreshToken.reveal());
      await gate;
      if (fixedRefresh !== undefined) return fixedRefresh;
      const next = new Secret(`canary-refresh-token-${refreshes.length}`);
      await rotated(next);
      const accessToken = new Secret(`canary-access-token-${refreshes.length}`);
      const { idToken, scope } = tokenSet;
      const renewed = tokenSetAt(options.now(), { accessToken, refreshToken: next, idToken, scope });
      return { kind: 'refreshed', tokenSet: renewed, claims: refreshedClaims, withdrawn: [] };
    },
    async endSessionUrl(request) {
      if (!reachable || !hasLogout) return undefined;
      logouts.push(request);
      const { state, postLogoutRedirectUri: post_logout_redirect_uri } = request;
      const query = { client_id: 'sallyport', post_logout_redirect_uri, ...(state === undefined ? {} : { state }) };
      return `${issuer}/logout?${new URLSearchParams(query)}`;
    },
    async userinfo(accessToken, subject) {
      userinfos.push(accessToken.reveal());
      if (!reachable) return unavailable;
      const sub = subject ?? sessionAt(options.now()).subject;
      return (
        fixedUserinfo ?? {
          kind: 'claims',
          claims: new Map([
            ['sub', sub],
            ['email', 'alice@example.com'],
          ]),
        }
      );
    },
    async introspect(accessToken) {
      introspections.push(accessToken.reveal());
      if (!reachable) return unavailable;
      const phantomToken = new Secret(`canary-phantom-of-${accessToken.reveal()}`);
      return fixedIntrospection ?? { kind: 'active', phantomToken, expiresAt: undefined };
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
    answerRefresh: (refresh) => {
      fixedRefresh = refresh;
    },
    answerUserinfo: (userinfo) => {
      fixedUserinfo = userinfo;
    },
    answerIntrospection: (introspection) => {
      fixedIntrospection = introspection;
    },
    holdRefreshes: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return { release: resolve };
    },
    logInAs: (parts) => {
      user = parts;
    },
    setReachable: (isReachable) => {
      reachable = isReachable;
    },
  };
}
