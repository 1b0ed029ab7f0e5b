import { createHash, X509Certificate } from 'node:crypto';
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  type ServerMetadata,
  TlsClientAuth,
} from 'openid-client';
import type { ClientAuthenticationMethod, ClientKey, ProviderOptions } from './provider-options.ts';
import { libraryKeyOf } from './signing-key.ts';

/** How we authenticate at the token endpoint, and wherever else the provider wants to know who asks. */
export function clientAuthentication(metadata: ServerMetadata, options: ProviderOptions): ClientAuth {
  const method = options.clientAuthentication ?? fittingMethod(metadata, options);
  switch (method) {
    case 'client_secret_basic':
      return ClientSecretBasic(secretOf(options));
    case 'client_secret_post':
      return ClientSecretPost(secretOf(options));
    case 'private_key_jwt':
      return privateKeyJwt(metadata, options.clientKey);
    case 'tls_client_auth':
      return TlsClientAuth();
    case 'none':
      return None();
  }
}

function fittingMethod(metadata: ServerMetadata, options: ProviderOptions): ClientAuthenticationMethod {
  if (options.clientKey !== undefined) return 'private_key_jwt';
  if (options.clientSecret === undefined) return options.clientCertificate === undefined ? 'none' : 'tls_client_auth';
  // RFC 8414 §2: omitted means client_secret_basic
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? 'client_secret_basic'
    : 'client_secret_post';
}

function secretOf({ clientSecret }: ProviderOptions): string {
  if (clientSecret === undefined) throw new Error('clientAuthentication needs clientSecret');
  return clientSecret.reveal();
}

function privateKeyJwt(metadata: ServerMetadata, clientKey: ClientKey | undefined): ClientAuth {
  if (clientKey === undefined) throw new Error('private_key_jwt needs clientKey');
  const { privateKey, algorithm } = libraryKeyOf(clientKey, 'clientKey');
  const thumbprint = clientKey.certificate === undefined ? undefined : thumbprintOf(clientKey.certificate);
  return PrivateKeyJwt(privateKey, {
    [modifyAssertion](header, payload) {
      header['alg'] = algorithm;
      if (thumbprint !== undefined) header['x5t#S256'] = thumbprint;
      if (clientKey.audience === 'token_endpoint') payload['aud'] = metadata.token_endpoint;
    },
  });
}

/** RFC 7515 §4.1.8. */
function thumbprintOf(certificate: string): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
}
