import type { ServerMetadata } from 'openid-client';
import type { HttpClient } from '../../ports/http-client.ts';
import { detailOf } from './error-detail.ts';
import { jsonObjectOf } from './json-object.ts';
import type { ProviderOptions } from './provider-options.ts';

/**
 * The metadata of a provider, explicit or discovered (OpenID Connect Discovery 1.0 §4), checked: whatever it says
 * may be used. Rejects with an error for the operator.
 */
export async function metadataOf(options: ProviderOptions, http: HttpClient): Promise<ServerMetadata> {
  // The operator's lists are readonly and may be undefined; the library takes both and changes neither.
  const metadata =
    options.metadata === undefined
      ? withEndpoints(await discover(options, http), options)
      : ({ ...options.metadata, issuer: options.issuer } as ServerMetadata);
  requireS256(metadata);
  requireEndpoints(metadata, options);
  for (const [name, url] of usedEndpoints(metadata, options)) checkEndpoint(name, url, options);
  return metadata;
}

async function discover({ issuer }: ProviderOptions, http: HttpClient): Promise<ServerMetadata> {
  const url = new URL(issuer);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await http.fetch(url.href, { method: 'GET', headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`the request for the metadata was answered with ${response.status}`);
  const metadata = jsonObjectOf(await response.text());
  if (metadata === undefined) throw new Error('the metadata is no JSON object');
  const found = metadata['issuer'];
  if (typeof found !== 'string') throw new Error('the metadata names no issuer');
  // OpenID Connect Discovery 1.0 §4.3: another issuer's tokens would be taken for this one's
  if (!isSameIssuer(found, issuer)) {
    throw new Error(`the metadata is of another issuer: ${JSON.stringify(found.slice(0, 200))}, not ${issuer}`);
  }
  return metadata as unknown as ServerMetadata; // issuer is checked above, endpoints by the caller, the rest by the library
}

/**
 * The metadata with the operator's endpoints in place of the provider's, and of the aliases that it has for them
 * (RFC 8705 §5).
 */
function withEndpoints(metadata: ServerMetadata, { endpoints = {} }: ProviderOptions): ServerMetadata {
  const written = Object.fromEntries(Object.entries(endpoints).filter(([, url]) => url !== undefined));
  const aliases = Object.entries(mtlsAliasesOf(metadata)).filter(([name]) => !Object.hasOwn(written, name));
  const others =
    metadata.mtls_endpoint_aliases === undefined ? {} : { mtls_endpoint_aliases: Object.fromEntries(aliases) };
  return { ...metadata, ...written, ...others };
}

/** RFC 8705 §5: used in place of the others by clients with a certificate. */
function mtlsAliasesOf(metadata: ServerMetadata): object {
  const aliases: unknown = metadata.mtls_endpoint_aliases;
  return aliases !== null && typeof aliases === 'object' ? aliases : {};
}

/** A bare origin may be written with or without the slash; nothing else is forgiven. */
function isSameIssuer(found: string, configured: string): boolean {
  return URL.canParse(found) && new URL(found).href === new URL(configured).href;
}

/** A server that publishes no list may still know PKCE; one whose list lacks S256 does not (RFC 9700 §2.1.1). */
function requireS256(metadata: ServerMetadata): void {
  const methods: unknown = metadata.code_challenge_methods_supported;
  if (methods !== undefined && !(Array.isArray(methods) && methods.includes('S256'))) {
    throw new Error('code_challenge_methods_supported does not list S256: the provider cannot be used safely');
  }
}

const backChannelEndpoints = [
  'token_endpoint',
  'userinfo_endpoint',
  'revocation_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

function requireEndpoints(metadata: ServerMetadata, options: ProviderOptions): void {
  const required = [
    'authorization_endpoint',
    'token_endpoint',
    options.protocol.kind === 'oidc' ? 'jwks_uri' : 'userinfo_endpoint',
    ...(pushesRequests(metadata, options) ? ['pushed_authorization_request_endpoint'] : []),
  ];
  const missing = required.find((name) => metadata[name] === undefined);
  if (missing !== undefined) throw new Error(`the metadata has no ${missing}`);
}

/** Whether authorization requests are pushed (RFC 9126 §5): where the operator says so, else where the provider must. */
export function pushesRequests(metadata: ServerMetadata, { pushedAuthorization }: ProviderOptions): boolean {
  return pushedAuthorization ?? metadata.require_pushed_authorization_requests === true;
}

/** The endpoints that a browser or a secret may be sent to. */
function usedEndpoints(
  metadata: ServerMetadata,
  options: ProviderOptions,
): readonly (readonly [name: string, url: unknown])[] {
  const names = ['authorization_endpoint', 'jwks_uri', 'end_session_endpoint', ...backChannelEndpoints];
  const aliases = options.clientCertificate === undefined ? {} : mtlsAliasesOf(metadata);
  return [
    ...names.map((name) => [name, metadata[name]] as const),
    ...Object.entries(aliases)
      .filter(([name]) => backChannelEndpoints.some((used) => used === name))
      .map(([name, url]) => [`mtls_endpoint_aliases.${name}`, url] as const),
  ].filter(([, url]) => url !== undefined);
}

/**
 * Why no token may be sent to be introspected; undefined: it may. Asked when one is, so that an endpoint that nobody
 * uses keeps nobody from logging in.
 */
export function problemOfIntrospection(metadata: ServerMetadata, options: ProviderOptions): string | undefined {
  const name = 'introspection_endpoint';
  const alias: unknown =
    options.clientCertificate === undefined
      ? undefined
      : Object.entries(mtlsAliasesOf(metadata)).find(([each]) => each === name)?.[1];
  try {
    checkEndpoint(name, metadata[name], options);
    if (alias !== undefined) checkEndpoint(`mtls_endpoint_aliases.${name}`, alias, options);
    return undefined;
  } catch (error) {
    return detailOf(error);
  }
}

/** Refuses what must not be used, before a browser or a secret is sent there. */
function checkEndpoint(name: string, url: unknown, options: ProviderOptions): void {
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error(`${name} is not a URL`);
  const { protocol, origin } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw new Error(`${name} is not an https URL`);
  if (protocol === 'http:' && !options.allowHttp) {
    throw new Error(`${name} is not an https URL (it is on ${origin}), and allowHttp is not set`);
  }
  // What the operator wrote himself needs no second word of his.
  if (options.metadata !== undefined || isWritten(name, options) || trustedOrigins(options).has(origin)) return;
  throw new Error(
    `${name} is on ${origin}, which is not the issuer's origin: if it belongs to the provider, list it in endpointOrigins`,
  );
}

function isWritten(name: string, { endpoints = {} }: ProviderOptions): boolean {
  return Object.entries(endpoints).some(([written, url]) => written === name && url !== undefined);
}

function trustedOrigins({ issuer, backChannelUrl, endpointOrigins }: ProviderOptions): ReadonlySet<string> {
  const own = backChannelUrl === undefined ? [issuer] : [issuer, backChannelUrl];
  return new Set([...own.map((url) => new URL(url).origin), ...endpointOrigins]);
}
