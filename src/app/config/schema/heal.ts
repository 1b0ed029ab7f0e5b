import { z } from 'zod';
import { prefixPath, rulePath } from './rule.ts';

// RFC 6750 §3: what an error_description may hold; anything else no workload can say.
const errorDescription = z
  .string()
  .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'expected up to 256 printable ASCII characters without " and \\')
  .describe('This text alone, as `error_description` of a Bearer challenge, to the letter.');

const whenSchema = z.union([z.enum(['invalid_token', 'any']), z.strictObject({ errorDescription })], {
  error: 'expected invalid_token, any or {errorDescription: text}',
});

const routeSchema = z.strictObject({
  path: z
    .strictObject({
      exact: rulePath.optional().describe('This path alone.'),
      prefix: prefixPath.optional().describe('Whole segments, as in rules: `/api` covers `/api` and `/api/x`.'),
    })
    .refine(
      ({ exact, prefix }) => (exact === undefined) !== (prefix === undefined),
      'expected exactly one of exact and prefix',
    )
    .optional()
    .describe('Paths that the route is for, as rules write them. Without it: all.'),
  when: whenSchema.optional().describe('Which 401s count here. Without it: as `envoy.heal.when` says.'),
});

/** The part of `envoy` that has requests sent again. */
export const healSchema = z
  .strictObject({
    routes: z
      .array(routeSchema)
      .min(1)
      .optional()
      .describe('The requests that are healed; the first that matches counts. Without it: all to the workload.'),
    when: whenSchema
      .default('invalid_token')
      .describe(
        'Which answers of the workload say that it refuses the access token: `invalid_token` is a 401 whose `WWW-Authenticate` has a Bearer challenge with `error="invalid_token"` (RFC 6750); `{errorDescription: text}` one with exactly this `error_description`; `any` every 401. gRPC status 16 is a 401 too.',
      ),
    maxBodyBytes: z
      .int()
      .min(1)
      .max(67_108_864)
      .default(1_048_576)
      .describe(
        'A request with a longer body is not sent again: its client gets the 401. Envoy holds as many bytes for each request in progress.',
      ),
  })
  .describe(
    'Answers a 401 of the workload by itself: the access token is refreshed and the request sent once more. Without it the 401 goes to the client. See docs/heal.md.',
  );
