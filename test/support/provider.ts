import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import { atEnd } from './ends.ts';
import { type JwtParts, jwtPartsOf } from './jws.ts';
import { listenOnLoopback } from './listen.ts';
import { noteSecret } from './seen-secrets.ts';
import { createTokenEndpoint, type RefreshControls } from './token-endpoint.ts';

/** The provider's endpoints, as tests name them. */
export type Endpoint =
  | 'discovery'
  | 'authorize'
  | 'par'
  | 'token'
  | 'introspection'
  | 'userinfo'
  | 'jwks'
  | 'end_session'
  | 'other';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestProvider extends RefreshControls {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Requests since the start, or since {@link TestProvider.reset}. */
  count(endpoint: Endpoint): number;
  /** Answers an endpoint in the provider's place, until the next reset. */
  answer(endpoint: Endpoint, handler: Handler): void;
  /** Edits the JSON that an endpoint answers, until the next reset. */
  edit(endpoint: Endpoint, change: (body: Record<string, unknown>) => unknown): void;
  /** The key that ID tokens are signed with: RS256, kid `rs256`. */
  readonly signingKey: KeyObject;
  /** The private key (P-256) whose requests it takes for ours (RFC 9101). */
  readonly requestKey: KeyObject;
  /** Replaces the ID token of token responses, until the next reset. */
  editIdToken(change: (token: JwtParts) => string): void;
  /** Edits the URL to which the authorization endpoint sends the browser back, until the next reset. */
  editCallback(change: (callback: URL) => void): void;
  /** Who is logged in without being asked, with which claims beside `sub`; alice at the start. */
  logInAs(sub: string, claims: Readonly<Record<string, unknown>>): void;
  accessTokensLive(seconds: number): void;
  /** Forgets edits, counts and answers; alice is the user again. */
  reset(): void;
  stop(): Promise<void>;
}

const alice = { email: 'alice@example.com', email_verified: true, name: 'Alice Adams', groups: ['staff', 'admins'] };

/**
 * A certified OpenID provider (oidc-provider) that logs in and consents by itself, counts what it is asked, and
 * misbehaves when told to. Any redirect URI is registered. Refresh tokens are issued always, and rotate.
 */
export async function startProvider(): Promise<TestProvider> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  const issuer = `http://127.0.0.1:${port}`;
  const state = { sub: 'alice', claims: alice as Readonly<Record<string, unknown>>, accessTokenSeconds: 3600 };
  const counts = new Map<Endpoint, number>();
  const handlers = new Map<Endpoint, Handler>();
  const edits = new Map<Endpoint, (body: Record<string, unknown>) => unknown>();
  let editLocation: ((callback: URL) => void) | undefined;
  const clientId = 'sallyport-test';
  const clientSecret = 'canary-client-secret-0123456789abcdef';
  const keys = { rs256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, es256: newEcKey() };
  const requestKey = newEcKey();
  const provider = createProvider(issuer, { clientId, clientSecret, requestKey }, state, keys);
  const callback = provider.callback();
  const tokenEndpoint = createTokenEndpoint();

  server.on('request', (request, response) => {
    const endpoint = endpointOf(request.url ?? '');
    counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    const answer = () => answerAt(endpoint, request, response);
    if (endpoint !== 'token') return answer();
    // A body that breaks off is answered by nobody.
    tokenEndpoint.serve(request, response, answer).catch(() => response.destroy());
  });

  function answerAt(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): void {
    const handler = handlers.get(endpoint);
    if (handler !== undefined) {
      handler(request, response);
      return;
    }
    if (request.url?.startsWith('/interaction/')) {
      void logIn(provider, request, response, state.sub);
      return;
    }
    const edit = edits.get(endpoint);
    if (edit !== undefined) editJson(response, edit);
    if (endpoint === 'authorize' && editLocation !== undefined) editRedirect(response, issuer, editLocation);
    void callback(request, response);
  }

  const stop = async () => {
    forget();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const forget = atEnd(stop);

  return {
    ...tokenEndpoint.controls,
    issuer,
    clientId,
    clientSecret,
    count: (endpoint) => counts.get(endpoint) ?? 0,
    answer: (endpoint, handler) => void handlers.set(endpoint, handler),
    edit: (endpoint, change) => void edits.set(endpoint, change),
    signingKey: keys.rs256,
    requestKey,
    editIdToken: (change) =>
      void edits.set('token', ({ id_token: token, ...body }) => {
        const changed = typeof token === 'string' ? change(jwtPartsOf(token)) : undefined;
        noteSecret(changed);
        return { ...body, id_token: changed };
      }),
    editCallback: (change) => {
      editLocation = change;
    },
    logInAs: (sub, claims) => {
      state.sub = sub;
      state.claims = claims;
    },
    accessTokensLive: (seconds) => {
      state.accessTokenSeconds = seconds;
    },
    reset: () => {
      counts.clear();
      tokenEndpoint.reset();
      handlers.clear();
      edits.clear();
      editLocation = undefined;
      Object.assign(state, { sub: 'alice', claims: alice, accessTokenSeconds: 3600 });
    },
    stop,
  };
}

function newEcKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

interface UserState {
  readonly sub: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly accessTokenSeconds: number;
}

function createProvider(
  issuer: string,
  client: { clientId: string; clientSecret: string; requestKey: KeyObject },
  state: UserState,
  privateKeys: Readonly<Record<string, KeyObject>>,
): Provider {
  const keys = Object.entries(privateKeys).map(([kid, key]) => {
    return { ...key.export({ format: 'jwk' }), kid, alg: kid.toUpperCase(), use: 'sig' };
  });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: ['http://127.0.0.1/registered-by-prototype'],
        post_logout_redirect_uris: ['http://127.0.0.1/registered-by-prototype'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        jwks: { keys: [createPublicKey(client.requestKey).export({ format: 'jwk' })] },
      },
    ],
    jwks: { keys },
    cookies: { keys: ['test-cookie-key'] },
    conformIdTokenClaims: false,
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'department'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    // As a provider is that takes refreshing seriously: a new refresh token each time, and one that comes twice revokes
    // the grant with all its tokens.
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    renderError: async (context, out) => {
      context.type = 'text';
      context.body = `provider: ${out.error}: ${out.error_description ?? ''}`;
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: () => state.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ ...state.claims, sub: id }),
    }),
    loadExistingGrant: async (context) => {
      const { client: party, session } = context.oidc;
      if (party === undefined || session?.accountId === undefined) return undefined;
      // One grant for all tabs: a code dies with the grant that a later one replaces.
      const granted = session.grantIdFor(party.clientId);
      const known = granted === undefined ? undefined : await context.oidc.provider.Grant.find(granted);
      // Revoked, it is gone, and the next login gets another.
      if (known !== undefined) return known;
      const grant = new context.oidc.provider.Grant({ clientId: party.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  provider.on('authorization.success', (_context, response) => noteSecret(response?.['code']));
  provider.on('grant.success', ({ oidc }) => noteSecret(oidc.params?.['code_verifier']));
  // Envoy's port is not known when the provider starts; exact matching is the provider's business, not ours.
  Object.assign(provider.Client.prototype, {
    redirectUriAllowed: () => true,
    postLogoutRedirectUriAllowed: () => true,
  });
  return provider;
}

async function logIn(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  accountId: string,
): Promise<void> {
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

const paths: readonly (readonly [string, Endpoint])[] = [
  ['/.well-known/openid-configuration', 'discovery'],
  ['/auth', 'authorize'],
  ['/request', 'par'],
  ['/token/introspection', 'introspection'],
  ['/token', 'token'],
  ['/me', 'userinfo'],
  ['/jwks', 'jwks'],
  ['/session/end', 'end_session'],
];

function endpointOf(url: string): Endpoint {
  const path = url.split('?')[0] ?? '';
  return paths.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1] ?? 'other';
}

/** Lets `change` see the JSON body before it is sent. */
function editJson(response: ServerResponse, change: (body: Record<string, unknown>) => unknown): void {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse; // one of its overloads
  response.end = ((body?: unknown) => {
    // A revocation is answered with nothing.
    if ((typeof body !== 'string' && !Buffer.isBuffer(body)) || body.length === 0) return end(body);
    const edited = JSON.stringify(change(JSON.parse(body.toString())));
    response.setHeader('content-length', Buffer.byteLength(edited));
    return end(edited);
  }) as ServerResponse['end'];
}

/** Lets `change` see a redirect that leaves the provider before it is sent. */
function editRedirect(response: ServerResponse, issuer: string, change: (callback: URL) => void): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    if (
      name.toLowerCase() !== 'location' ||
      typeof value !== 'string' ||
      value.startsWith(issuer) ||
      value.startsWith('/')
    ) {
      return setHeader(name, value);
    }
    const url = new URL(value);
    change(url);
    return setHeader(name, url.href);
  };
}
