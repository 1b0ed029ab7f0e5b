import {
  allowInsecureRequests,
  Configuration,
  clockTolerance,
  customFetch,
  enableNonRepudiationChecks,
  type ServerMetadata,
} from 'openid-client';
import type { ProviderUnavailable } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpClient } from '../../ports/http-client.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { clientAuthentication } from './client-authentication.ts';
import { detailOf } from './error-detail.ts';
import { createKeySet } from './key-set.ts';
import type { VerifyLogoutToken } from './logout-token.ts';
import { metadataOf } from './metadata.ts';
import type { ProviderOptions } from './provider-options.ts';
import { type LibraryKey, libraryKeyOf } from './signing-key.ts';

export interface DiscoveryPorts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly http: HttpClient;
}

/** A provider that is known, and what the library needs to talk to it. */
export interface Discovered {
  readonly metadata: ServerMetadata;
  /** For requests that need no keys. */
  readonly configuration: Configuration;
  /** Signs authorization requests; undefined where they are not signed. */
  readonly requestKey: LibraryKey | undefined;
  /** For one use of a code or a token, with the keys that we have. */
  withKeys(): Configuration;
  /** Verifies logout tokens with the keys of this metadata. */
  logoutTokens(): Promise<VerifyLogoutToken>;
}

/** The provider's metadata, found when first needed, kept, and found again when it has become old. */
export interface Discovery {
  /** One request at a time, however many ask; a failure is remembered for a second. */
  find(): Promise<Discovered | ProviderUnavailable>;
  status(): 'ready' | 'unavailable' | 'not_asked';
}

/** Between two tries to refresh metadata that we have, in seconds. */
const refreshRetry = 30;

/** Discovery of one provider (OpenID Connect Discovery 1.0 §4), or its explicit metadata. */
export function createDiscovery(options: ProviderOptions, ports: DiscoveryPorts): Discovery {
  let known: { readonly discovered: Discovered; readonly at: number } | undefined;
  let failure: { readonly result: ProviderUnavailable; readonly at: number } | undefined;
  let running: Promise<Discovered | ProviderUnavailable> | undefined;

  async function ask(): Promise<Discovered | ProviderUnavailable> {
    try {
      const discovered = discoveredOf(await metadataOf(options, ports.http), options, ports);
      known = { discovered, at: ports.clock.now() };
      failure = undefined;
      ports.telemetry.event('provider_discovered', { provider: options.name });
      return discovered;
    } catch (error) {
      const result: ProviderUnavailable = { kind: 'unavailable', detail: detailOf(error) };
      failure = { result, at: ports.clock.now() };
      ports.telemetry.problem('provider_unavailable', { provider: options.name, operation: 'discovery' }, error);
      return result;
    } finally {
      running = undefined;
    }
  }

  function isOld({ at }: { readonly at: number }): boolean {
    const now = ports.clock.now();
    if (options.metadata !== undefined || now - at < options.metadataRefresh) return false;
    return failure === undefined || now - failure.at >= refreshRetry;
  }

  return {
    async find() {
      if (known !== undefined) {
        // Nobody waits for it, and what we have stays when it fails. ask() rejects never.
        if (isOld(known)) running ??= ask();
        return known.discovered;
      }
      if (failure !== undefined && ports.clock.now() - failure.at < 1) return failure.result;
      running ??= ask();
      return await running;
    },
    status: () => (known !== undefined ? 'ready' : failure !== undefined ? 'unavailable' : 'not_asked'),
  };
}

function discoveredOf(metadata: ServerMetadata, options: ProviderOptions, ports: DiscoveryPorts): Discovered {
  const { clientId } = options;
  const authentication = clientAuthentication(metadata, options);
  const requestKey =
    options.requestObject === undefined ? undefined : libraryKeyOf(options.requestObject, 'requestObject');
  const keys = createKeySet(metadata.jwks_uri, ports.http, ports.clock);
  const client = {
    [clockTolerance]: options.clockTolerance,
    ...(options.clientCertificate === undefined ? {} : { use_mtls_endpoint_aliases: true }),
  };
  const newConfiguration = (): Configuration => {
    const configuration = new Configuration(metadata, clientId, client, authentication);
    configuration[customFetch] = ports.http.fetch;
    configuration.timeout = undefined; // the HTTP client has the operator's
    if (options.allowHttp) allowInsecureRequests(configuration);
    // OpenID Connect Core §3.1.3.7 lets TLS stand in for the signature; a plain back channel has none.
    if (options.protocol.kind === 'oidc') enableNonRepudiationChecks(configuration);
    return configuration;
  };
  let logoutTokens: Promise<VerifyLogoutToken> | undefined;
  return {
    metadata,
    configuration: newConfiguration(),
    requestKey,
    logoutTokens() {
      // Imported when the first comes: most providers send none.
      logoutTokens ??= import('./logout-token.ts').then(({ logoutTokenVerifier }) =>
        logoutTokenVerifier(
          { issuer: metadata.issuer, clientId, jwksUri: metadata.jwks_uri, clockTolerance: options.clockTolerance },
          ports,
        ),
      );
      return logoutTokens;
    },
    withKeys() {
      const configuration = newConfiguration();
      keys.serve(configuration);
      return configuration;
    },
  };
}
