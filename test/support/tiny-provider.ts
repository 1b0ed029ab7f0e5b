import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { listenOnLoopback } from './listen.ts';

export type TinyEndpoint = 'discovery' | 'token' | 'userinfo' | 'jwks' | 'par' | 'emails' | 'introspect' | 'other';

export interface TinyRequest {
  readonly endpoint: TinyEndpoint;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: URLSearchParams;
  /** Common name of the certificate that the client showed in TLS. */
  readonly clientName: string | undefined;
}

export type TinyHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** An OpenID provider of a few lines, that answers whatever a test wants. Its tokens are real. */
export interface TinyProvider {
  readonly origin: string;
  readonly clientId: string;
  readonly requests: readonly TinyRequest[];
  count(endpoint: TinyEndpoint): number;
  /** What the endpoint answers from now on, as JSON; a function answers by itself. Undefined: the normal answer. */
  answer(endpoint: TinyEndpoint, answer: object | TinyHandler | undefined): void;
  /** Members of the metadata that differ; undefined takes one away. */
  metadata(changes: Readonly<Record<string, unknown>>): void;
  /** Members of the token response that differ; undefined takes one away. */
  tokens(changes: Readonly<Record<string, unknown>>): void;
  /** A token signed by the published key, good unless told otherwise; a claim that is undefined is left out. */
  idToken(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** The published key, as JWK. */
  readonly publicKey: JWK;
  /** Publishes another key in place of the first; ID tokens are signed with it from now on. */
  rotateKey(kid: string): Promise<void>;
  stop(): Promise<void>;
}

/** One key for all providers of a test file: to make one takes longer than most tests. */
let keys: Promise<GenerateKeyPairResult> | undefined;

/**
 * `issuer`: what it calls itself, its address unless told otherwise. With `tls` it speaks https. ID tokens have the
 * nonce `nonce`.
 */
export async function startTinyProvider(issuer?: string, tls?: ServerOptions): Promise<TinyProvider> {
  keys ??= generateKeyPair('RS256');
  let { publicKey, privateKey } = await keys;
  let jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const clientId = 'sallyport-test';
  const requests: TinyRequest[] = [];
  const answers = new Map<TinyEndpoint, object | TinyHandler>();
  let metadataChanges: Readonly<Record<string, unknown>> = {};
  let tokenChanges: Readonly<Record<string, unknown>> = {};

  const listener = (request: IncomingMessage, response: ServerResponse) => void respond(request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const origin = `http${tls === undefined ? '' : 's'}://127.0.0.1:${await listenOnLoopback(server)}`;
  const iss = issuer ?? origin;

  async function idToken(claims: JWTPayload = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss, aud: clientId, sub: 'alice', nonce: 'nonce', iat: now, exp: now + 300, ...claims };
    return await new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid ?? '', ...header })
      .sign(privateKey);
  }

  async function normalAnswer(endpoint: TinyEndpoint): Promise<object> {
    switch (endpoint) {
      case 'discovery':
        return {
          issuer: iss,
          authorization_endpoint: `${iss}/authorize`,
          token_endpoint: `${iss}/token`,
          userinfo_endpoint: `${iss}/userinfo`,
          jwks_uri: `${iss}/jwks`,
          end_session_endpoint: `${iss}/logout`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          id_token_signing_alg_values_supported: ['RS256'],
          ...metadataChanges,
        };
      case 'token':
        return {
          access_token: 'canary-access-token',
          token_type: 'Bearer',
          expires_in: 3600,
          refresh_token: 'canary-refresh-token',
          scope: 'openid email',
          id_token: await idToken(),
          ...tokenChanges,
        };
      case 'userinfo':
        return { sub: 'alice', email: 'alice@example.com', email_verified: true };
      case 'jwks':
        return { keys: [jwk] };
      case 'par':
        return { request_uri: 'urn:ietf:params:oauth:request_uri:pushed', expires_in: 60 };
      case 'emails':
        return [];
      case 'introspect':
        return { active: true };
      case 'other':
        return {};
    }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const endpoint = endpointOf(url);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { headers, method = '' } = request;
    const clientName = clientNameOf(request);
    requests.push({ endpoint, method, url, headers, body: new URLSearchParams(body), clientName });
    const answer = answers.get(endpoint) ?? (await normalAnswer(endpoint));
    if (typeof answer === 'function')
      (answer as TinyHandler)(request, response); // the only callable kind of answer
    else {
      // RFC 9126 §2.2
      response.statusCode = endpoint === 'par' ? 201 : 200;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    }
  }

  return {
    origin,
    clientId,
    requests,
    publicKey: jwk,
    idToken,
    rotateKey: async (kid) => {
      ({ publicKey, privateKey } = await generateKeyPair('RS256'));
      jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
    },
    count: (endpoint) => requests.filter((request) => request.endpoint === endpoint).length,
    answer: (endpoint, answer) => {
      if (answer === undefined) answers.delete(endpoint);
      else answers.set(endpoint, answer);
    },
    metadata: (changes) => {
      metadataChanges = changes;
    },
    tokens: (changes) => {
      tokenChanges = changes;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function endpointOf(url: string): TinyEndpoint {
  if (url.startsWith('/.well-known/')) return 'discovery';
  const name = url.split(/[/?]/)[1];
  return named.find((endpoint) => endpoint === name) ?? 'other';
}

const named = ['token', 'userinfo', 'jwks', 'par', 'emails', 'introspect'] as const;

function clientNameOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject } = socket.getPeerCertificate();
  return subject?.CN === undefined ? undefined : String(subject.CN);
}
