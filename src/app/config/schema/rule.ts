import { z } from 'zod';

/** A path as rules write it: decoded, from the first slash on. */
export const rulePath = z.string().superRefine((text, context) => {
  const mistake = mistakeInPath(text);
  if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
});

// Requests whose decoded path holds any of these are refused, or must match without it as well (`tolerate`): such a
// rule never decides.
function mistakeInPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'expected a path that starts with a slash';
  if (/[?#]/.test(path)) return 'expected a path without ? and #: rules do not look at the query';
  if (/%[0-9A-Fa-f]{2}/.test(path)) return 'expected a decoded path: rules see /a b where the request has /a%20b';
  if (path.includes('//') || path.split('/').some((segment) => segment === '.' || segment === '..'))
    return 'expected a path without // and dot segments: such requests are refused before rules are looked at';
  if (/[;\\]|\p{Cc}/u.test(path))
    return 'expected a path without ; \\ and control characters: such requests are refused before rules are looked at';
  return undefined;
}

/** As {@link rulePath}, for whole segments. */
export const prefixPath = rulePath.refine(
  (text) => text === '/' || !text.endsWith('/'),
  'expected a prefix without a slash at the end: /app covers /app and everything below /app/',
);

// It is held against the whole path, which begins with a slash: what begins with a letter matches nothing, and a
// protecting rule that matches nothing lets everything through.
const regexText = z
  .string()
  .min(1)
  .max(1_000)
  .superRefine((text, context) => {
    if (text === '' || /^\^?[/([.\\]/.test(text)) return;
    const message = 'expected a pattern of the whole path, and every path begins with a slash';
    context.addIssue({ code: 'custom', message, params: { suggestion: 'begin it with /, or with .*/ for any depth' } });
  });

const pathSchema = z
  .strictObject({
    exact: rulePath.optional().describe('This path alone.'),
    prefix: prefixPath
      .optional()
      .describe('Whole segments: `/app` covers `/app` and `/app/x`, not `/apple`. `/` covers all.'),
    regex: regexText
      .optional()
      .describe('RE2 syntax, over the whole path: no look-around, no back-references, linear time.'),
  })
  .refine(
    (path) => Object.values(path).filter((way) => way !== undefined).length === 1,
    'expected exactly one of exact, prefix and regex',
  );

const tolerateSchema = z.strictObject({
  encodedSlashes: z
    .boolean()
    .optional()
    .describe('`%2F` in the path, as in `/api/v4/projects/group%2Fproject` (GitLab) and `/@scope%2Fname` (npm).'),
  semicolons: z.boolean().optional().describe('`;` or `%3B` in the path.'),
  emptySegments: z.boolean().optional().describe('`//` in the path (S3), but not at its start.'),
  underscoredHeaders: z.boolean().optional().describe('Header names with an underscore, such as `X_Tenant`.'),
});

/** Names an instance of a mode may have: short, and no word that rules know. */
export const instanceNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected a name of up to 32 lower-case letters, digits and hyphens')
  .refine(
    (name) => name !== 'public' && name !== 'deny',
    'expected a name other than public and deny, which rules know',
  );

/** One rule. The schema of the mode that `use` leads to checks `require`. */
export const ruleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'expected up to 64 letters, digits, blanks and . _ -')
    .optional()
    .describe('For logs. Without it a rule is called by its place: `rule 3`.'),
  hosts: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Hosts (with the port where the origin has one) that the rule is for, each from `origins`. Without it: all.',
    ),
  path: pathSchema.optional().describe('Paths that the rule is for, compared after decoding. Without it: all.'),
  methods: z
    .array(z.string().regex(/^[A-Z][A-Z-]{0,31}$/, 'expected a method in upper case, such as GET'))
    .min(1)
    .optional()
    .describe(
      'Methods that the rule is for; `GET` includes `HEAD`, which asks for the same (RFC 9110 §9.3.2). Without it: all.',
    ),
  context: z
    .record(z.string().min(1).max(256), z.string().max(1024))
    .refine((context) => Object.keys(context).length > 0, 'expected at least one key')
    .optional()
    .describe(
      'Values that `context_extensions` of the route in Envoy must have for the rule to match. Operators write them; clients cannot.',
    ),
  use: z
    .string()
    .min(1)
    .describe('`public` (no identity), `deny` (403), or the name of an instance under `modes`, which then decides.'),
  require: z
    .unknown()
    .optional()
    .describe('What the instance must find to let a request through. What can stand here depends on its mode.'),
  keepAuthorization: z
    .boolean()
    .optional()
    .describe('For `use: public` only: the client’s own `Authorization` header reaches the workload. Default: false.'),
  tolerate: tolerateSchema
    .optional()
    .describe(
      'What is otherwise refused with 400. A request is let on only if every way to read its path leads to this rule.',
    ),
  passPreflight: z
    .boolean()
    .optional()
    .describe(
      'CORS preflights for what the rule matches reach the workload, without identity: browsers send them without cookies. Default: false. Not for an instance that answers preflights itself.',
    ),
});
