import { z } from 'zod';
import { signatureAlgorithms } from '../../../adapters/openid-client/signature-algorithms.ts';
import { secretSchema } from '../../../modes/settings-types.ts';

const algorithmSchema = z
  .enum(signatureAlgorithms)
  .optional()
  .describe('Without it: `alg` of the JWK, else RS256, ES256, ES384, ES512 or EdDSA, as fits the key.');

/** How we sign authorization requests (RFC 9101). */
export const requestObjectSchema = z
  .strictObject({
    key: secretSchema
      .optional()
      .describe('Private key: PEM (PKCS #8) without a passphrase, or a JWK. Without it: that of `clientKey`.'),
    id: z.string().min(1).optional().describe('`kid` of the request. Without it: that of the key.'),
    algorithm: algorithmSchema,
  })
  .describe(
    'Sign authorization requests: the browser carries one JWT in place of the parameters (JAR, RFC 9101), or with `pushedAuthorization` a reference to it. `{}` signs with `clientKey`.',
  );

/** How we say who we are to a provider. */
export const clientSettings = {
  clientId: z.string().min(1).describe('Our `client_id` at the provider.'),
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'none'])
    .optional()
    .describe(
      'How we authenticate. Without it: by `clientKey`, `clientSecret` or `clientCertificate`, whichever is set, and for a secret as the metadata says.',
    ),
  clientSecret: secretSchema
    .optional()
    .describe('Our secret at the provider. Without any credential we are a public client (PKCE alone).'),
  clientKey: z
    .strictObject({
      key: secretSchema.describe('Private key: PEM (PKCS #8) without a passphrase, or a JWK.'),
      id: z.string().min(1).optional().describe('`kid` of the assertion. Without it: that of the JWK, if it has one.'),
      algorithm: algorithmSchema,
      audience: z
        .enum(['issuer', 'token_endpoint'])
        .default('issuer')
        .describe('What the assertion names as its audience. Entra ID and Okta want `token_endpoint`.'),
      certificate: z
        .string()
        .min(1)
        .optional()
        .describe('PEM file with the certificate of the key, for `x5t#S256`. Entra ID wants it.'),
    })
    .optional()
    .describe('Signs client assertions (`private_key_jwt`).'),
  clientCertificate: z
    .strictObject({
      cert: z.string().min(1).describe('PEM file with our certificate and its chain, relative to this file.'),
      key: secretSchema.describe('The private key of the certificate, PEM without a passphrase.'),
    })
    .optional()
    .describe('Shown to the provider in TLS (`tls_client_auth`; also beside a secret or a key).'),
};
