import { type ConfigPath, errorAt, type Finding } from '../finding.ts';
import type { ProviderSettings } from '../schema/provider.ts';

type Credential = 'clientSecret' | 'clientKey' | 'clientCertificate';

/** The credential that a method works with. */
const neededBy: Readonly<Record<NonNullable<ProviderSettings['clientAuthentication']>, Credential | undefined>> = {
  client_secret_basic: 'clientSecret',
  client_secret_post: 'clientSecret',
  private_key_jwt: 'clientKey',
  tls_client_auth: 'clientCertificate',
  none: undefined,
};

/** Refuses a method without its credential, and credentials that no method would use. */
export function checkClientAuthentication(settings: ProviderSettings, path: ConfigPath): readonly Finding[] {
  const { clientAuthentication: method, clientSecret, clientKey } = settings;
  if (clientSecret !== undefined && clientKey !== undefined) {
    const problem = 'clientSecret and clientKey are two ways to authenticate, and one is enough';
    return [errorAt([...path, 'clientKey'], problem, 'remove one of them')];
  }
  if (method === undefined) return [];
  const place = [...path, 'clientAuthentication'];
  const needed = neededBy[method];
  if (needed !== undefined && settings[needed] === undefined) {
    return [errorAt(place, `${method} needs ${needed}, which is missing`, `add ${needed}, or name another method`)];
  }
  // A certificate is of use beside any method: to the TLS of the provider, or of a gateway before it.
  return (['clientSecret', 'clientKey'] as const)
    .filter((credential) => credential !== needed && settings[credential] !== undefined)
    .map((credential) => errorAt(place, `${method} makes no use of ${credential}`, `remove ${credential}`));
}
