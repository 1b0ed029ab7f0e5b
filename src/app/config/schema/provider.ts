import { z } from 'zod';
import { durationOrNoneSchema, durationSchema, webUrlSchema } from '../../../modes/settings-types.ts';
import { clientSettings, requestObjectSchema } from './provider-client.ts';
import { providerEndpointsSchema, providerMetadataSchema } from './provider-metadata.ts';

const plainOriginSchema = z
  .string()
  .refine(isOrigin, 'expected scheme://host[:port] as a browser writes it, without a path');

/** One provider, as the relying party that we are to it. */
export const providerSchema = z.strictObject({
  protocol: z
    .enum(['oidc', 'oauth2'])
    .default('oidc')
    .describe('`oauth2`: no OpenID Connect, as GitHub; `metadata` and `identity` say the rest.'),
  label: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .describe('What people know it by, on the page that lets them choose. Without it: the name of the provider.'),
  issuer: webUrlSchema.describe(
    'Issuer identifier, exactly as the provider writes it; its metadata is found below it. With `oauth2` a URL that names the provider.',
  ),
  ...clientSettings,
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected one scope without blanks, quotes and backslashes'))
    .optional()
    .describe('Scopes of the authorization request. Without it: openid, profile and email; with `oauth2` none.'),
  responseMode: z
    .enum(['query', 'form_post'])
    .default('query')
    .describe('How the answer to a login comes back: in the URL, or as a form that the browser posts.'),
  pushedAuthorization: z
    .boolean()
    .optional()
    .describe(
      'Push authorization requests (RFC 9126). Without it: where the provider demands it, since each redirect to login then costs a request.',
    ),
  requestObject: requestObjectSchema.optional(),
  authorizationParameters: z
    .record(z.string(), z.string())
    .default({})
    .describe('Further parameters of the authorization request, such as `prompt` or `domain_hint`.'),
  metadata: providerMetadataSchema.optional(),
  endpoints: providerEndpointsSchema.optional(),
  metadataRefresh: durationSchema
    .prefault('1h')
    .describe('How old discovered metadata may become. When it cannot be renewed what is known stays in use.'),
  endpointOrigins: z
    .array(plainOriginSchema)
    .default([])
    .describe(
      'Origins of the provider besides that of `issuer`. Discovered endpoints of any other origin are refused.',
    ),
  identity: z
    .strictObject({
      subject: z.string().min(1).describe('Member of the userinfo answer that names the user for ever: `id`.'),
      claims: z
        .record(z.string().min(1), z.string().min(1))
        .default({})
        .describe('Our claims and the members that they come from: `{name: name, preferred_username: login}`.'),
      emailsUrl: webUrlSchema
        .optional()
        .describe('Endpoint that lists the addresses of the user, as GitHub’s; gives `email` and `email_verified`.'),
    })
    .optional()
    .describe('With `oauth2`: who the user is, from the userinfo endpoint. `data.id` reaches into maps.'),
  clockTolerance: durationOrNoneSchema
    .prefault('60s')
    .describe('How far the provider’s clock may be from ours before its ID tokens count as expired or not yet valid.'),
  allowHttp: z
    .boolean()
    .default(false)
    .describe(
      'Accept an issuer and endpoints over plain HTTP. For development: tokens cross the network in the clear.',
    ),
  backChannelUrl: webUrlSchema
    .optional()
    .describe('Where we reach the provider ourselves (metadata, tokens, keys), in place of the origin of `issuer`.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file with the authorities that are believed, in place of the system’s, relative to this file.'),
  proxy: z
    .string()
    .refine((text) => isOrigin(text.replace(/\/$/, '')), 'expected http://host:port or https://host:port')
    .optional()
    .describe('Egress proxy: https goes through it by CONNECT.'),
  allowUnverifiedEmail: z
    .boolean()
    .default(false)
    .describe('Let rules count an e-mail address although `email_verified` is not true.'),
  requestTimeout: durationSchema
    .prefault('5s')
    .describe(
      'Longest time until a request to the provider is sent, and from then on until it is answered. Refreshes have 25 s for the answer.',
    ),
});

export type ProviderSettings = z.output<typeof providerSchema>;

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
