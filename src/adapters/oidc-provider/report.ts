import type { EventEmitter } from 'node:events';
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Telemetry } from '../../ports/telemetry.ts';
import { StoreOutage } from './store-outage.ts';

/** Turns the engine's events into ours. Nothing that a request carried is logged, except a registered client's id. */
export function report(provider: Provider, instance: string, telemetry: Telemetry): void {
  const refused = (endpoint: string) => (context: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    if (error instanceof StoreOutage) {
      telemetry.problem('store_unavailable', { instance, endpoint }, error.outage);
      return;
    }
    telemetry.event('issuer_error', {
      instance,
      endpoint,
      clientId: context.oidc.client?.clientId,
      error: error.error,
    });
  };
  provider.on('authorization.error', refused('authorize'));
  provider.on('grant.error', refused('token'));
  provider.on('userinfo.error', refused('userinfo'));
  provider.on('revocation.error', refused('revoke_token'));
  provider.on('introspection.error', refused('introspect'));
  provider.on('pushed_authorization_request.error', refused('par'));
  provider.on('end_session.error', refused('end_session'));
  provider.on('end_session_confirm.error', refused('end_session'));
  provider.on('server_error', (_context: KoaContextWithOIDC, error: Error) => {
    telemetry.problem('issuer_error', { instance, error: 'server_error' }, error);
  });
  // Koa's last resort; with a listener of ours it prints nothing itself. The provider's types leave the event out.
  const application: EventEmitter = provider;
  application.on('error', (error: unknown) => {
    if (isHangUp(error)) return;
    telemetry.problem('issuer_error', { instance, error: 'server_error' }, error);
  });
}

/** The client went away in the middle of an answer. */
function isHangUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
