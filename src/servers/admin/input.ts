import { z } from 'zod';
import type { ExplainQuery, SessionQuery } from './operations.ts';

/** What callers send, or what is wrong with it. */
export type Input<T> =
  | { readonly kind: 'input'; readonly value: T }
  /** `problem` is for the caller. */
  | { readonly kind: 'invalid'; readonly problem: string };

export interface ListQuery {
  readonly sessions: SessionQuery;
  /** Undefined: as many as the form of the answer allows. */
  readonly limit: number | undefined;
}

const identifier = z
  .string('expected one value')
  .min(1, 'expected a value')
  .max(512, 'expected at most 512 characters');

const selection = {
  user: identifier.optional(),
  sid: identifier.optional(),
};

const listQuery = z.strictObject({
  ...selection,
  limit: z
    .string('expected one value')
    .regex(/^[1-9]\d{0,6}$/, 'expected a whole number from 1')
    .transform(Number)
    .optional(),
});

const endQuery = z.strictObject({ ...selection, all: z.literal('true', 'expected true').optional() });

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 §5.6.2

const explainBody = z.strictObject({
  method: z.string('expected a method').regex(token, 'expected a method').max(32, 'expected a method'),
  url: z
    .string('expected a URL')
    .max(65_536, 'expected at most 65536 characters')
    .regex(/^https?:\/\/[^/?#]/i, 'expected an absolute URL: https://host/path'),
  headers: z
    .record(
      z.string().regex(token, 'expected a header name'),
      z.union([z.string(), z.array(z.string()).min(1)], 'expected a text or a list of texts'),
      'expected headers by name',
    )
    .default({}),
  context: z.record(z.string(), z.string('expected a text'), 'expected texts by name').default({}),
});

/** `user`, `sid` and `limit` of a list. */
export function readListQuery(query: unknown): Input<ListQuery> {
  const read = readWith(listQuery, query);
  if (read.kind === 'invalid') return read;
  const { limit } = read.value;
  const selected = selectionOf(read.value);
  return selected.kind === 'invalid' ? selected : ok({ sessions: selected.value ?? { kind: 'all' }, limit });
}

/** `user`, `sid` or `all=true` of an end: exactly one, so that a forgotten word does not end everything. */
export function readEndQuery(query: unknown): Input<SessionQuery> {
  const read = readWith(endQuery, query);
  if (read.kind === 'invalid') return read;
  const selected = selectionOf(read.value);
  if (selected.kind === 'invalid') return selected;
  const isAll = read.value.all !== undefined;
  if (isAll !== (selected.value === undefined)) return invalid('expected exactly one of user, sid and all=true');
  return ok(selected.value ?? { kind: 'all' });
}

/** The name of a session, as a list shows it. */
export function readSessionName(name: string): Input<string> {
  return /^[A-Za-z0-9_-]{43}$/.test(name) ? ok(name) : invalid('expected the name of a session, of 43 characters');
}

/** The request to explain. */
export function readExplainBody(body: unknown): Input<ExplainQuery> {
  const read = readWith(explainBody, body);
  if (read.kind === 'invalid') return read;
  const { method, url, headers, context } = read.value;
  return ok({
    method,
    url,
    headers: new Map(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? [value] : value]),
    ),
    context: new Map(Object.entries(context)),
  });
}

function selectionOf({
  user,
  sid,
}: {
  user?: string | undefined;
  sid?: string | undefined;
}): Input<SessionQuery | undefined> {
  if (user !== undefined && sid !== undefined) return invalid('expected user or sid, not both');
  if (user !== undefined) return ok({ kind: 'user', user });
  return ok(sid === undefined ? undefined : { kind: 'provider_session', sid });
}

function readWith<T extends z.ZodType>(schema: T, value: unknown): Input<z.output<T>> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return ok(result.data);
  const [issue] = result.error.issues;
  if (issue === undefined) return invalid('the input is not understood');
  if (issue.code === 'unrecognized_keys') return invalid(`there is no ${issue.keys.join(', ')} here`);
  const [problem = issue.message] = issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : [];
  return invalid(issue.path.length === 0 ? 'expected a JSON object' : `${issue.path.join('.')}: ${problem}`);
}

function ok<T>(value: T): Input<T> {
  return { kind: 'input', value };
}

function invalid(problem: string): { readonly kind: 'invalid'; readonly problem: string } {
  return { kind: 'invalid', problem };
}
