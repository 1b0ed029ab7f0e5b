import { z } from 'zod';
import { basePathSchema, durationSchema, httpsOrLoopbackUrlSchema, secretSchema } from '../settings-types.ts';
import { type PasswordCost, parsePasswordHash } from './password-hash.ts';
import { issuerScopes } from './scopes.ts';

// RFC 6749 appendix A.1: client ids are visible ASCII. The colon would be ambiguous in HTTP Basic.
const clientId = z
  .string()
  .regex(/^[\x21-\x39\x3b-\x7e]{1,128}$/, 'expected up to 128 visible ASCII characters without a colon');

const client = z
  .strictObject({
    clientId,
    clientName: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('What users read when they are asked. Default: the client id.'),
    clientSecret: secretSchema.optional().describe('Absent for a public client. PKCE with S256 is required of all.'),
    redirectUris: z.array(httpsOrLoopbackUrlSchema).min(1).describe('Compared exactly, character by character.'),
    postLogoutRedirectUris: z.array(httpsOrLoopbackUrlSchema).default([]),
    grantTypes: z
      .array(z.enum(['authorization_code', 'refresh_token']))
      .min(1)
      .default(['authorization_code', 'refresh_token']),
    scopes: z
      .array(z.enum(issuerScopes))
      .default([...issuerScopes])
      .describe('Scopes that it may ask for, besides `openid` and `offline_access`.'),
    skipConsent: z.boolean().default(false).describe('For first-party applications: users are not asked.'),
  })
  .readonly();

const claims = z
  .strictObject({
    name: z.string().optional(),
    given_name: z.string().optional(),
    family_name: z.string().optional(),
    middle_name: z.string().optional(),
    nickname: z.string().optional(),
    preferred_username: z.string().optional().describe('Default: the user name.'),
    profile: z.string().optional(),
    picture: z.string().optional(),
    website: z.string().optional(),
    zoneinfo: z.string().optional(),
    locale: z.string().optional(),
    email: z.string().optional(),
    email_verified: z.boolean().optional(),
    groups: z.array(z.string()).optional(),
  })
  .readonly();

const passwordHash = z
  .string()
  .refine(
    (text) => parsePasswordHash(text) !== undefined,
    'expected an argon2id hash as `sallyport issuer password-hash` prints it',
  );

const user = z
  .strictObject({
    username: z.string().min(1).max(256),
    subject: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('`sub` of this user, never to be reused. Default: the user name.'),
    passwordHash: passwordHash.describe(
      'Argon2id, as `sallyport issuer password-hash` prints it. All users have the same `m`, `t` and `p`.',
    ),
    claims: claims.prefault({}).describe('What relying parties may learn, by scope.'),
  })
  .readonly();

const lifetimes = z
  .strictObject({
    authorizationCode: durationSchema.prefault('60s'),
    accessToken: durationSchema.prefault('1h'),
    idToken: durationSchema.prefault('1h'),
    refreshToken: durationSchema.prefault('14d').describe('Of each refresh token; every use gives a new one.'),
    session: durationSchema
      .prefault('14d')
      .describe('A login at the issuer ends this long after it, and with it its tokens.'),
    interaction: durationSchema.prefault('15m').describe('How long a user may take over the login and consent pages.'),
  })
  .readonly();

/** Settings of an instance of issuer mode: an embedded authorization server for first-party use. */
export const issuerSettings = z
  .strictObject({
    basePath: basePathSchema
      .default('/oauth2')
      .describe(
        'Where its endpoints live, in front of the workload. Other origins than the issuer’s answer 404 there.',
      ),
    issuer: httpsOrLoopbackUrlSchema
      .optional()
      .describe(
        'Issuer identifier. Its path is the base path. Default: the first origin without a wildcard, with the base path.',
      ),
    signingKeys: secretSchema.describe('Private JWK Set, as `sallyport issuer signing-keys new` prints it.'),
    clients: z.array(client).default([]),
    users: z.array(user).default([]),
    lifetimes: lifetimes.prefault({}),
  })
  .superRefine((settings, context) => {
    if (settings.issuer !== undefined && URL.parse(settings.issuer)?.pathname !== settings.basePath) {
      context.addIssue({
        code: 'custom',
        path: ['issuer'],
        message: `expected a URL with the path ${settings.basePath}`,
      });
    }
    if (settings.issuer?.includes('?') === true) {
      context.addIssue({ code: 'custom', path: ['issuer'], message: 'expected a URL without a query' });
    }
    for (const index of repeated(settings.clients.map((item) => item.clientId))) {
      context.addIssue({
        code: 'custom',
        path: ['clients', index, 'clientId'],
        message: 'expected a client id that no other client has',
      });
    }
    for (const index of repeated(settings.users.map((item) => item.username))) {
      context.addIssue({
        code: 'custom',
        path: ['users', index, 'username'],
        message: 'expected a user name that no other user has',
      });
    }
    for (const index of repeated(settings.users.map((item) => item.subject ?? item.username))) {
      context.addIssue({
        code: 'custom',
        path: ['users', index, 'subject'],
        message: 'expected a subject that no other user has',
      });
    }
    for (const { index, username, cost, expected } of otherCosts(settings.users)) {
      context.addIssue({
        code: 'custom',
        path: ['users', index, 'passwordHash'],
        message: `the hash of user ${JSON.stringify(username)} has ${cost}, that of the first user ${expected}: all must have the same, else the time of a login tells who exists; make them with \`sallyport issuer password-hash\``,
      });
    }
  })
  .readonly();

export type IssuerSettings = z.output<typeof issuerSettings>;

/** Indexes of values that were there before. */
function repeated(values: readonly string[]): readonly number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []));
}

/** Users whose hash costs another time than the first user's, which is what an unknown user costs. */
function otherCosts(users: readonly z.output<typeof user>[]) {
  const costs = users.flatMap(({ username, passwordHash }, index) => {
    const hash = parsePasswordHash(passwordHash);
    // What is no hash at all has been refused by its own check.
    return hash === undefined ? [] : [{ index, username, cost: costText(hash.cost) }];
  });
  const expected = costs[0]?.cost ?? '';
  return costs.flatMap((item) => (item.cost === expected ? [] : [{ ...item, expected }]));
}

function costText({ memory, passes, parallelism }: PasswordCost): string {
  return `m=${memory},t=${passes},p=${parallelism}`;
}
