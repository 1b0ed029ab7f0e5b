import { z } from 'zod';
import { basePathSchema, durationSchema } from '../settings-types.ts';

const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected a header name of letters, digits and hyphens');

/** A header that Envoy or HTTP needs for itself, or that another setting decides. */
const reservedHeader =
  /^(?:host|cookie|authorization|proxy-.*|connection|content-.*|transfer-encoding|te|trailer|upgrade|via|x-envoy-.*|x-sallyport-.*)$/i;

const providerName = z.string().min(1);

/** Settings of an instance of session mode: browser login in front of any workload. */
export const sessionSettings = z
  .strictObject({
    provider: z
      .union([providerName, z.array(providerName).min(1)], 'expected the name of a provider, or a list of names')
      .transform((names) => (typeof names === 'string' ? [names] : names))
      .refine((names) => new Set(names).size === names.length, 'expected each provider once')
      .describe(
        'Name of the provider (under `providers`) that logs users in, or a list of names; then users choose on a page.',
      ),
    state: z
      .enum(['store', 'sealed'])
      .default('store')
      .describe(
        'Where sessions are. `store`: the browser holds an id. `sealed`: the browser holds the session itself, encrypted; it needs no store, and nobody but the browser can end it.',
      ),
    maxSessionsPerUser: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('Sessions that a user may have at one time; a login beyond that ends the oldest. Default: 100.'),
    basePath: basePathSchema
      .default('/_auth')
      .describe('Where login, callback, logout and userinfo live on each host, in front of the workload.'),
    cookie: z
      .strictObject({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected up to 32 lower-case letters, digits and hyphens')
          .default('sallyport')
          .describe('Name of the session cookie. It gets the prefix `__Host-`.'),
        insecureHttp: z
          .boolean()
          .default(false)
          .describe('For development over plain HTTP only: cookies without `Secure` and without the prefix `__Host-`.'),
      })
      .prefault({}),
    idleLifetime: durationSchema.prefault('1h').describe('A session ends this long after its last request.'),
    absoluteLifetime: durationSchema
      .prefault('12h')
      .describe('A session ends this long after its login, whatever happens.'),
    attemptLifetime: durationSchema.prefault('10m').describe('How long a user may take to log in.'),
    headers: z
      .record(
        headerName.refine(
          (name) => !reservedHeader.test(name),
          'expected a header that is not reserved for HTTP, Envoy or Sallyport itself',
        ),
        z.string().min(1),
      )
      .refine(
        (headers) =>
          new Set(Object.keys(headers).map((name) => name.toLowerCase())).size === Object.keys(headers).length,
        'expected headers whose names differ in more than case: one claim would take the place of the other',
      )
      .default({ 'X-Auth-Request-User': 'sub', 'X-Auth-Request-Email': 'email', 'X-Auth-Request-Name': 'name' })
      .describe(
        'Headers that the workload gets, each with the claim that fills it. Values are percent-encoded where they are not printable ASCII.',
      ),
    groupsClaim: z.string().min(1).default('groups').describe('Claim that lists the groups of a user.'),
    healCooldown: durationSchema
      .prefault('30s')
      .describe(
        'When a workload refuses an access token on a heal route (`envoy.heal`), the token is replaced. Where it refuses the new one as well, the next try is this much later.',
      ),
    forwardAccessToken: z
      .boolean()
      .default(true)
      .describe(
        'Send the access token to the workload as `Authorization: Bearer`. The client’s own header never gets through.',
      ),
  })
  .superRefine(({ state, maxSessionsPerUser }, context) => {
    if (state !== 'sealed' || maxSessionsPerUser === undefined) return;
    const message = 'expected no limit with state: sealed: sessions that only browsers hold cannot be counted or ended';
    context.addIssue({ code: 'custom', path: ['maxSessionsPerUser'], message });
  })
  .readonly();

export type SessionSettings = z.output<typeof sessionSettings>;
