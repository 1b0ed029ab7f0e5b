import type { AdapterFactory, ClientMetadata, Configuration, JWKS, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Clock } from '../../ports/clock.ts';
import type { IssuerAccount, IssuerClient, IssuerEngineSettings } from '../../ports/issuer-engine.ts';
import type { CookieNames } from './cookie-names.ts';
import { requestLogout, showLoggedOut } from './end-session.ts';
import { loadGrant } from './grants.ts';
import { type EnginePages, showError } from './pages.ts';

/** Where each endpoint is, below the base path. A slash at the end is accepted everywhere. */
export const endpoints = {
  authorization: '/authorize',
  token: '/token',
  revocation: '/revoke_token',
  introspection: '/introspect',
  jwks: '/jwks',
  userinfo: '/userinfo',
  pushed_authorization_request: '/par',
  end_session: '/end_session',
} as const;

/** How long a session without a user is kept: it only carries the logout form's secret. */
const anonymousSession = 600;

export interface ConfigurationParts {
  readonly adapter: AdapterFactory;
  readonly jwks: JWKS;
  readonly cookieNames: CookieNames;
  /** Newest first. */
  readonly cookieKeys: readonly string[];
  readonly clock: Clock;
  readonly pages: EnginePages;
}

/** The one place where oidc-provider is told what this issuer does, and what it does not. */
export function configurationOf(settings: IssuerEngineSettings, parts: ConfigurationParts): Configuration {
  const { lifetimes } = settings;
  const { pages } = parts;
  const cookie = { httpOnly: true, sameSite: 'lax' } as const;
  return {
    adapter: parts.adapter,
    jwks: parts.jwks,
    clients: settings.clients.map((client) => metadataOf(client, signingAlgorithmOf(parts.jwks))),
    cookies: {
      names: parts.cookieNames,
      keys: [...parts.cookieKeys],
      long: { ...cookie, signed: true, path: settings.basePath },
      // No path: each interaction has cookies of its own, so that several tabs can be in the middle of a login. A
      // signature would add nothing to 256 random bits that the store knows, and double what abandoned logins leave.
      short: { ...cookie, signed: false },
    },
    routes: endpoints,
    responseTypes: ['code'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientBasedCORS: () => false,
    scopes: ['openid', 'offline_access', ...settings.scopeClaims.keys()],
    claims: {
      acr: null,
      auth_time: null,
      iss: null,
      sid: null,
      openid: ['sub'],
      ...Object.fromEntries([...settings.scopeClaims].map(([scope, claims]) => [scope, [...claims]])),
    },
    // Relying parties find name, e-mail and groups in the ID token and need not ask for userinfo.
    conformIdTokenClaims: false,
    findAccount: async (_context, subject) => accountOf(await settings.findAccount(subject)),
    loadExistingGrant: (context) => loadGrant(context, settings.clients),
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    // Tokens end with the login that they came from, unless the user agreed to offline access.
    expiresWithSession: async (_context, source) => !source.scopes.has('offline_access'),
    rotateRefreshToken: true,
    ttl: {
      AuthorizationCode: lifetimes.authorizationCode,
      AccessToken: lifetimes.accessToken,
      IdToken: lifetimes.idToken,
      RefreshToken: (context, _token, client) => {
        const rotated = context?.oidc?.entities?.RotatedRefreshToken;
        return rotated !== undefined && client.clientAuthMethod === 'none'
          ? rotated.remainingTTL
          : lifetimes.refreshToken;
      },
      Grant: lifetimes.session + lifetimes.refreshToken,
      Interaction: lifetimes.interaction,
      Session: (_context, session) =>
        session.loginTs === undefined
          ? anonymousSession
          : Math.max(1, session.loginTs + lifetimes.session - parts.clock.now()),
    },
    interactions: { url: (_context, interaction) => `${settings.basePath}/interaction/${interaction.uid}` },
    renderError: (context, out) => showError(context, pages, out),
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      userinfo: { enabled: true },
      revocation: { enabled: true, allowedPolicy: mayRevoke },
      introspection: {
        enabled: true,
        allowedPolicy: async (_context, client, token) =>
          client.clientAuthMethod !== 'none' || token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context) => requestLogout(context, pages),
        postLogoutSuccessSource: (context) => showLoggedOut(context, pages),
      },
    },
  };
}

function metadataOf(client: IssuerClient, algorithm: 'RS256' | 'ES256'): ClientMetadata {
  return {
    client_id: client.clientId,
    client_name: client.clientName,
    ...(client.clientSecret === undefined
      ? { token_endpoint_auth_method: 'none' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: client.clientSecret.reveal() }),
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: ['code'],
    scope: ['openid', 'offline_access', ...client.scopes].join(' '),
    id_token_signed_response_alg: algorithm,
  };
}

/** RS256 wherever there is a key for it: every relying party can verify it (OpenID Connect Core §15.1). */
function signingAlgorithmOf(jwks: JWKS): 'RS256' | 'ES256' {
  return jwks.keys.some((key) => key.kty === 'RSA') ? 'RS256' : 'ES256';
}

function accountOf(account: IssuerAccount | undefined) {
  if (account === undefined) return undefined;
  const claims = Object.fromEntries(account.claims);
  return { accountId: account.subject, claims: async () => ({ ...claims, sub: account.subject }) };
}

/** RFC 7009 §2.1: a client revokes its own tokens only. */
async function mayRevoke(
  _context: KoaContextWithOIDC,
  client: { clientId: string },
  token: { clientId?: string | undefined },
): Promise<boolean> {
  if (token.clientId === client.clientId) return true;
  throw new errors.InvalidRequest('the token was issued to another client');
}
