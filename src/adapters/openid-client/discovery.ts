import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ServerMetadata,
} from 'openid-client';
import type { Secret } from '../../core/secret.ts';
import type { ProviderUnavailable } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { boundedFetch } from './bounded-fetch.ts';

/** A provider as it is configured. */
export interface ProviderOptions {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly clientSecret: Secret<string> | undefined;
  readonly scopes: readonly string[];
  readonly allowHttp: boolean;
  /** Where requests to the issuer's origin are sent instead: `http://127.0.0.1:4181`. */
  readonly backChannelUrl: string | undefined;
  readonly allowUnverifiedEmail: boolean;
  readonly requestTimeoutMs: number;
}

export interface DiscoveryPorts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** The provider's metadata, fetched when first needed and kept; a failure is remembered for a second. */
export interface Discovered {
  configuration(): Promise<Configuration | ProviderUnavailable>;
  status(): 'ready' | 'unavailable' | 'not_asked';
}

const largestResponse = 1024 * 1024;

/** Discovery of one provider (OpenID Connect Discovery 1.0 §4). One request at a time, however many ask. */
export function createDiscovery(options: ProviderOptions, ports: DiscoveryPorts): Discovered {
  let known: Configuration | undefined;
  let failure: { readonly result: ProviderUnavailable; readonly at: number } | undefined;
  let running: Promise<Configuration | ProviderUnavailable> | undefined;

  async function ask(): Promise<Configuration | ProviderUnavailable> {
    try {
      known = await discover(options);
      failure = undefined;
      ports.telemetry.event('provider_discovered', { provider: options.name });
      return known;
    } catch (error) {
      const result: ProviderUnavailable = { kind: 'unavailable', detail: detailOf(error) };
      failure = { result, at: ports.clock.now() };
      ports.telemetry.problem('provider_unavailable', { provider: options.name, operation: 'discovery' }, error);
      return result;
    } finally {
      running = undefined;
    }
  }

  return {
    async configuration() {
      if (known !== undefined) return known;
      if (failure !== undefined && ports.clock.now() - failure.at < 1) return failure.result;
      running ??= ask();
      return await running;
    },
    status: () => (known !== undefined ? 'ready' : failure !== undefined ? 'unavailable' : 'not_asked'),
  };
}

/** The text of an error and of its causes; for logs. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // JSON.parse quotes what it could not read: of a token endpoint, a token perhaps.
  if (error instanceof SyntaxError) return 'it is no JSON';
  return error.cause instanceof Error ? `${error.message}: ${detailOf(error.cause)}` : error.message;
}

async function discover(options: ProviderOptions): Promise<Configuration> {
  const issuerOrigin = new URL(options.issuer).origin;
  const backChannel = options.backChannelUrl?.replace(/\/$/, '');
  const boundFetch = boundedFetch({
    timeoutMs: options.requestTimeoutMs,
    maxBytes: largestResponse,
    reroute: backChannel === undefined ? undefined : { from: issuerOrigin, to: backChannel },
  });
  const insecure = options.allowHttp ? [allowInsecureRequests] : [];
  const found = await discovery(new URL(options.issuer), options.clientId, undefined, None(), {
    [customFetch]: boundFetch,
    execute: insecure,
  });
  const metadata = found.serverMetadata();
  requireS256(metadata);
  requireEndpoints(metadata, options.allowHttp);
  const configuration = new Configuration(
    metadata,
    options.clientId,
    undefined,
    clientAuthentication(metadata, options),
  );
  configuration[customFetch] = boundFetch;
  // OpenID Connect Core §3.1.3.7 lets TLS stand in for the signature; a plain back channel has none.
  enableNonRepudiationChecks(configuration);
  for (const allow of insecure) allow(configuration);
  return configuration;
}

/** A server that publishes no list may still know PKCE; one whose list lacks S256 does not (RFC 9700 §2.1.1). */
function requireS256(metadata: ServerMetadata): void {
  const methods = metadata.code_challenge_methods_supported;
  if (methods !== undefined && !methods.includes('S256')) {
    throw new Error('code_challenge_methods_supported does not list S256: the provider cannot be used safely');
  }
}

const requiredEndpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const optionalEndpoints = ['userinfo_endpoint', 'end_session_endpoint'] as const;

/** Refuses endpoints that are missing or must not be used, before a browser or a secret is sent there. */
function requireEndpoints(metadata: ServerMetadata, allowHttp: boolean): void {
  const missing = requiredEndpoints.find((name) => metadata[name] === undefined);
  if (missing !== undefined) throw new Error(`the metadata has no ${missing}`);
  for (const name of [...requiredEndpoints, ...optionalEndpoints]) {
    const url = metadata[name];
    if (url !== undefined && !isUsable(url, allowHttp)) throw new Error(`${name} is not an https URL`);
  }
}

function isUsable(url: string, allowHttp: boolean): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === 'https:' || (allowHttp && protocol === 'http:');
}

function clientAuthentication(metadata: ServerMetadata, options: ProviderOptions): ClientAuth {
  const secret = options.clientSecret?.reveal();
  if (secret === undefined) return None();
  // RFC 8414 §2: omitted means client_secret_basic
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? ClientSecretBasic(secret)
    : ClientSecretPost(secret);
}
