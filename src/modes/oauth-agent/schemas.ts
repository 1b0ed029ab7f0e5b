import { z } from 'zod';

/*
 * Bodies and answers of the endpoints. What validates a body describes it in the OpenAPI document as well, and what
 * describes an answer is its type. Bodies are strict; answers may get further members one day.
 */

const parameterName = z
  .string('expected a text')
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ -') // RFC 6749 §8.2
  .describe('A parameter of the authorization request, such as `ui_locales`.');

const parameterValue = z
  .string('expected a text')
  .max(2_048, 'expected at most 2,048 characters')
  .refine((text) => text.isWellFormed(), 'expected Unicode text');

const extraParameters = z
  .array(members({ key: parameterName, value: parameterValue }), 'expected a list of {"key", "value"} in a JSON body')
  .max(20, 'expected at most 20 parameters')
  .refine(
    (parameters) => new Set(parameters.map(({ key }) => key)).size === parameters.length,
    'expected each key once',
  )
  .describe(
    'What the authorization request gets beside what it has. Parameters that the agent or its operator sets are refused.',
  );

/** Body of POST /login/start. */
export const loginStartBody = members({ extraParams: extraParameters.optional() });

/** Body of POST /login/end. */
export const loginEndBody = members({
  pageUrl: z
    .string('expected the URL of the page, as location.href has it')
    .regex(/^https?:\/\/[^/\\?#\s]\S*$/i, 'expected an absolute http or https URL, as location.href has it')
    .refine((text) => URL.canParse(text), 'expected an absolute http or https URL, as location.href has it')
    .describe('The URL of the page, `location.href`, whether or not an authorization response is in it.'),
});

/** Body of the endpoints that need none. */
export const noBody = members({});

export const loginStartAnswer = z.object({
  authorizationRequestUrl: z.string().describe('Where the application sends the browser.'),
});

const csrf = z.string().describe('What requests that change something repeat in the CSRF header.');

export const loginEndAnswer = z.union([
  z.object({
    handled: z.boolean().describe('Whether `pageUrl` had an authorization response that has been used now.'),
    isLoggedIn: z.literal(true),
    csrf,
  }),
  z.object({ handled: z.literal(false), isLoggedIn: z.literal(false) }),
]);

const numericDate = z.int().describe('Seconds since 1970-01-01T00:00:00Z.');

export const sessionAnswer = z.union([
  z.object({ isLoggedIn: z.literal(false) }),
  z.object({
    isLoggedIn: z.literal(true),
    sub: z
      .string()
      .optional()
      .describe('The user; left out where the session is, or was taken over from, cookies of version 0x01.'),
    expiresAt: numericDate.optional().describe('When the session ends if nobody uses it, in seconds since 1970.'),
    accessTokenExpiresAt: numericDate.optional().describe('When the access token ends, in seconds since 1970.'),
  }),
]);

export const claimsAnswer = z.looseObject({ sub: z.string().optional().describe('The user.') });

export const logoutAnswer = z.object({
  url: z.string().describe('Where the application sends the browser, so that the provider logs the user out as well.'),
});

export const documentAnswer = z.looseObject({ openapi: z.string() });

const errorAnswer = z.object({
  code: z.string().describe('What went wrong, for programs.'),
  message: z.string().describe('What went wrong, for developers. Repeats nothing of the request.'),
});

/** By the names that they have in the OpenAPI document. */
export const namedSchemas = {
  LoginStart: loginStartBody,
  AuthorizationRequest: loginStartAnswer,
  LoginEnd: loginEndBody,
  LoginState: loginEndAnswer,
  SessionState: sessionAnswer,
  Claims: claimsAnswer,
  Logout: logoutAnswer,
  Error: errorAnswer,
} satisfies Readonly<Record<string, Schema>>;

/** What a body or an answer is described and read by. */
export type Schema<T = unknown> = z.ZodType<T>;

export type LoginEndAnswer = z.output<typeof loginEndAnswer>;
export type SessionAnswer = z.output<typeof sessionAnswer>;
export type LoginStartAnswer = z.output<typeof loginStartAnswer>;
export type LogoutAnswer = z.output<typeof logoutAnswer>;

/** JSON Schema 2020-12, which is what OpenAPI 3.1 has. */
export function jsonSchemaOf(schema: Schema): object {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return described;
}

export type ReadValue<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** `problem` names the member and what was expected, and repeats nothing of the value. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** A value that a schema accepts, or what is wrong with it. */
export function readWith<T>(schema: Schema<T>, value: unknown): ReadValue<T> {
  const result = schema.safeParse(value);
  if (result.success) return { kind: 'value', value: result.data };
  const [issue] = result.error.issues;
  const place = placeOf(issue?.path ?? []);
  const message = issue?.message ?? 'expected another value';
  return { kind: 'invalid', problem: place === '' ? message : `${place}: ${message}` };
}

/** `extraParams[0].key`. Names of ours and positions only: what we do not know is in no path. */
function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** A strict object that says which members it has. */
function members<const Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape).map((name) => `"${name}"`);
  const expected = names.length === 0 ? 'expected no members' : `expected no members but ${names.join(' and ')}`;
  const wrongType = `expected a JSON object${names.length === 0 ? ' without members' : ''}`;
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? expected : wrongType) });
}
