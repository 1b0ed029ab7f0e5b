import { comment, decide, type Findings, todo } from '../findings.ts';
import { isOn } from './given.ts';
import type { Original } from './original.ts';
import type { ProviderKind } from './provider-kinds.ts';
import { secretReference } from './secret-reference.ts';

/** How the client says who it is: settings of one provider. */
export function credentialOf(
  original: Original,
  kind: ProviderKind,
  name: string,
  found: Findings,
): Readonly<Record<string, unknown>> {
  if (kind.name === 'login-gov') return assertionOf(original, name, found);
  if (isOn(original.given, 'entra-id-federated-token-auth')) {
    const text = 'a federated token is no credential here: register a key, and put it into clientKey';
    todo(found, ['entra-id-federated-token-auth'], text);
    comment(found, ['providers', name, 'clientKey'], 'In place of the federated token: a key of its own.');
    return {
      clientAuthentication: 'private_key_jwt',
      clientKey: { key: { file: 'client-key.pem' }, audience: 'token_endpoint', certificate: 'client-certificate.pem' },
    };
  }
  const given = secretReference(original, 'client-secret', 'client-secret-file', found);
  const clientSecret = given ?? { env: 'OAUTH2_PROXY_CLIENT_SECRET' };
  if (given === undefined) {
    const text = 'neither of them was given; oauth2-proxy needs one, and the result names OAUTH2_PROXY_CLIENT_SECRET';
    todo(found, ['client-secret', 'client-secret-file'], text);
  }
  // What it sends: without metadata nothing else says how.
  return kind.protocol === 'oauth2' ? { clientAuthentication: 'client_secret_post', clientSecret } : { clientSecret };
}

function assertionOf(original: Original, name: string, found: Findings): Readonly<Record<string, unknown>> {
  const key = secretReference(original, 'jwt-key', 'jwt-key-file', found) ?? { env: 'OAUTH2_PROXY_JWT_KEY' };
  decide(found, ['jwt-key', 'jwt-key-file'], 'expected as PKCS #8: openssl pkcs8 -topk8 -nocrypt -in key.pem');
  comment(found, ['providers', name, 'clientKey'], 'PEM, PKCS #8: openssl pkcs8 -topk8 -nocrypt -in key.pem');
  return {
    clientAuthentication: 'private_key_jwt',
    clientKey: { key, algorithm: 'RS256', audience: 'token_endpoint' },
  };
}
