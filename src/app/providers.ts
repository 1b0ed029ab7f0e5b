import { createAuthorizationServer } from '../adapters/openid-client/authorization-server.ts';
import type { ProviderOptions } from '../adapters/openid-client/provider-options.ts';
import { createHttpClient } from '../adapters/undici/http-client.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** No answer of a provider that we have use for is larger. */
const largestResponse = 1024 * 1024;

/** A configured provider, with an HTTP client of its own. */
export function createProvider(
  options: ProviderOptions,
  ports: { readonly clock: Clock; readonly telemetry: Telemetry },
): AuthorizationServer {
  const { issuer, backChannelUrl, allowHttp, ca, clientCertificate, proxy, requestTimeout } = options;
  const http = createHttpClient({
    timeout: requestTimeout,
    maxBytes: largestResponse,
    allowHttp,
    reroute:
      backChannelUrl === undefined
        ? undefined
        : { from: new URL(issuer).origin, to: backChannelUrl.replace(/\/$/, '') },
    ca,
    clientCertificate,
    proxy,
  });
  return createAuthorizationServer(options, { ...ports, http });
}
