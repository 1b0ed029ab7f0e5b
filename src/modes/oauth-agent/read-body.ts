import { type HttpRequest, headerValues } from '../../core/http/request.ts';
import { type ReadValue, readWith, type Schema } from './schemas.ts';

/** Bytes. What belongs into a body is smaller. */
export const bodyLimit = 32_768;

/**
 * The body of a request as its schema has it: JSON or a form, by Content-Type. No body, and `null`, is an object without
 * members. Whatever is wrong is told without repeating it.
 */
export function readBody<T>(request: HttpRequest, bytes: Uint8Array, schema: Schema<T>): ReadValue<T> {
  if (bytes.length === 0) return readWith(schema, {});
  const text = utf8TextOf(bytes);
  if (text === undefined) return invalid('body: expected UTF-8');
  switch (mediaTypeOf(request)) {
    case 'application/json':
      return readJson(text, schema);
    case formType:
      return readForm(text, schema);
    default:
      return invalid('Content-Type: expected application/json or application/x-www-form-urlencoded');
  }
}

/** The text of a form; '' for every other body. */
export function formTextOf(request: HttpRequest, bytes: Uint8Array): string {
  return mediaTypeOf(request) === formType ? (utf8TextOf(bytes) ?? '') : '';
}

const formType = 'application/x-www-form-urlencoded';

function readJson<T>(text: string, schema: Schema<T>): ReadValue<T> {
  const parsed = parsedJson(text);
  if (parsed === undefined) return invalid('body: expected a JSON text');
  const read = readWith(schema, parsed.value ?? {});
  if (read.kind === 'invalid') return read;
  // Of two members of one name `JSON.parse` keeps the last, and others the first.
  return namesIn(text) > countNames(read.value) ? invalid('body: expected each member once') : read;
}

function readForm<T>(text: string, schema: Schema<T>): ReadValue<T> {
  const fields = [...new URLSearchParams(text)];
  // What percent-encoded bytes become when they are not UTF-8.
  if (fields.flat().some((part) => part.includes('\uFFFD'))) return invalid('body: expected UTF-8');
  if (new Set(fields.map(([name]) => name)).size < fields.length) return invalid('body: expected each field once');
  return readWith(schema, Object.fromEntries(fields));
}

/** The strings of a JSON text; those with a colon behind them are names. */
const strings = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

function namesIn(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(strings)) if (colon !== undefined) count += 1;
  return count;
}

/** The same of a value that a schema has accepted, which is not deep. */
function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const parts = Object.values(value);
  return parts.reduce<number>((sum, part) => sum + countNames(part), Array.isArray(value) ? 0 : parts.length);
}

function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function utf8TextOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Without parameters, in lower case; undefined when it is missing or came twice. */
function mediaTypeOf(request: HttpRequest): string | undefined {
  const [contentType, ...others] = headerValues(request, 'content-type');
  return others.length > 0 ? undefined : contentType?.split(';')[0]?.trim().toLowerCase();
}

function invalid(problem: string): { readonly kind: 'invalid'; readonly problem: string } {
  return { kind: 'invalid', problem };
}
