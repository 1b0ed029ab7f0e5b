import { z } from 'zod';
import { durationSchema, secretSchema, webUrlSchema } from '../../../modes/settings-types.ts';

/** One OpenID provider, as the relying party that we are to it. */
export const providerSchema = z.strictObject({
  issuer: webUrlSchema.describe(
    'Issuer identifier, exactly as the provider writes it; its metadata is found below it.',
  ),
  clientId: z.string().min(1).describe('Our `client_id` at the provider.'),
  clientSecret: secretSchema
    .optional()
    .describe('Our secret at the provider. Without it we are a public client (PKCE alone).'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected one scope without blanks, quotes and backslashes'))
    .min(1)
    .refine((scopes) => scopes.includes('openid'), 'expected openid among the scopes')
    .default(['openid', 'profile', 'email'])
    .describe('Scopes of the authorization request.'),
  allowHttp: z
    .boolean()
    .default(false)
    .describe(
      'Accept an issuer and endpoints over plain HTTP. For development: tokens cross the network in the clear.',
    ),
  backChannelUrl: webUrlSchema
    .optional()
    .describe('Where we reach the provider ourselves (metadata, tokens, keys), in place of the origin of `issuer`.'),
  allowUnverifiedEmail: z
    .boolean()
    .default(false)
    .describe('Let rules count an e-mail address although `email_verified` is not true.'),
  requestTimeout: durationSchema.prefault('5s').describe('Longest time of one request to the provider.'),
});
