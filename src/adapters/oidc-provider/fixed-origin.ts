import type Provider from 'oidc-provider';

/**
 * Makes the provider build every URL and cookie from its issuer. What a client says about host and scheme
 * (Host, X-Forwarded-*, Forwarded, absolute-form targets) is never read.
 */
export function fixOrigin(provider: Provider, issuer: string): void {
  const { protocol, host, hostname, pathname } = new URL(issuer);
  // Koa: `app.request` and `app.context` are the prototypes of every request and context of this application.
  Object.defineProperties(provider.request, {
    protocol: { get: () => protocol.slice(0, -1) },
    host: { get: () => host },
    hostname: { get: () => hostname },
    href: { get: () => issuer },
  });
  Object.assign(provider.context, { mountPath: pathname });
}
