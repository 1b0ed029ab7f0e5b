import { redacted, scrub } from './scrub.ts';

type LogValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly LogValue[]
  | { readonly [name: string]: LogValue };

const secretName =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|.*token|.*secret|password|code_?verifier|client_?assertion|url|headers)$/i;
const maxText = 4096;
const maxDepth = 4;

/** The fields of one log line, each text scrubbed, whoever wrote it: our events and the libraries' own messages. */
export function logFields(fields: object): Record<string, LogValue> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, secretName.test(name) ? redacted : logValue(value, 0)]),
  );
}

/** An error with its causes, as data. `code` is Node's (ECONNREFUSED) or a library's. */
export function errorFields(error: unknown, depth = 0): Record<string, LogValue> {
  if (!(error instanceof Error)) return { type: typeof error, message: logText(String(error)) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: String(error.name),
    message: logText(messageOf(error)),
    code: typeof code === 'string' ? logText(code) : undefined,
    stack:
      error.stack === undefined
        ? undefined
        : logText(String(error.stack).replace(error.message, () => messageOf(error))),
    errors: error instanceof AggregateError ? error.errors.slice(0, 3).map((each) => logText(String(each))) : undefined,
    cause: error.cause === undefined || depth >= maxDepth ? undefined : errorFields(error.cause, depth + 1),
  };
}

/** JSON.parse quotes what it could not read, and that may have been a token. */
function messageOf(error: Error): string {
  return error instanceof SyntaxError ? 'a text could not be parsed' : String(error.message);
}

/** A text for a log line: scrubbed, then cut, so that no part of a token stays at the cut. */
export function logText(text: string): string {
  const scrubbed = scrub(text.slice(0, 4 * maxText));
  return scrubbed.length > maxText ? `${scrubbed.slice(0, maxText)}… (${text.length} characters)` : scrubbed;
}

function logValue(value: unknown, depth: number): LogValue {
  if (typeof value === 'string') return logText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value;
  if (value instanceof Error) return errorFields(value);
  if (typeof value !== 'object' || depth >= maxDepth) return `(${typeof value})`;
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => logValue(item, depth + 1));
  if (hasOwnText(value)) return logText(String(value.toJSON()));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secretName.test(name) ? redacted : logValue(member, depth + 1),
    ]),
  );
}

/** Dates, URLs and Secrets know how they may be written down. */
function hasOwnText(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
