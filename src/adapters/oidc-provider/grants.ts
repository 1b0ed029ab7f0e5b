import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { IssuerClient } from '../../ports/issuer-engine.ts';

/**
 * What the user allowed this client before. First-party clients are allowed what they ask for and may have,
 * without a question.
 */
export async function loadGrant(
  context: KoaContextWithOIDC,
  clients: readonly IssuerClient[],
): Promise<Grant | undefined> {
  const { client, session, result, provider, requestParamOIDCScopes } = context.oidc;
  const subject = context.oidc.account?.accountId;
  if (client === undefined || session === undefined || subject === undefined) return undefined;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const existing = found?.accountId === subject && found.clientId === client.clientId ? found : undefined;
  if (clients.find(({ clientId }) => clientId === client.clientId)?.skipConsent !== true) return existing;

  const requested = [...requestParamOIDCScopes];
  const granted = existing?.getOIDCScope().split(' ') ?? [];
  if (existing !== undefined && requested.every((scope) => granted.includes(scope))) return existing;
  const grant = existing ?? new provider.Grant({ accountId: subject, clientId: client.clientId });
  grant.addOIDCScope(requested);
  await grant.save();
  return grant;
}
