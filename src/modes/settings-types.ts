/*
 * Pieces that the settings of modes and the rest of the configuration share.
 *
 * How secrets reach a mode (for whoever loads the configuration):
 * 1. A setting that is a secret uses `secretSchema`. Its input, and so its JSON schema (`io: 'input'`), is
 *    `{file: path}` or `{env: NAME}`; a secret can never stand in the file itself.
 * 2. Parsing yields a `SecretReference`, which is a `Secret<string>` that has no value yet: `reveal()` throws.
 * 3. The loader walks the parsed configuration (objects, arrays, Maps), reads every `SecretReference` it meets
 *    (the way it went there is the path for error messages) and puts a plain `Secret<string>` in its place.
 * 4. Only then is a mode created; its settings have the type `Secret<string>` all along.
 */
import { z } from 'zod';
import { Secret } from '../core/secret.ts';
import { type Seconds, secondsOf } from '../core/time.ts';

/** Where a secret is kept. `file` is relative to the configuration file. */
export type SecretLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string };

/** A secret of the configuration before the loader has read it. */
export class SecretReference extends Secret<string> {
  readonly location: SecretLocation;

  constructor(location: SecretLocation) {
    super('');
    this.location = location;
  }

  /** Throws: a reference has no value, and a forgotten one must never pass for an empty secret. */
  override reveal(): string {
    throw new Error('a secret of the configuration was used before it was read');
  }
}

const fileReference = z
  .strictObject({ file: z.string().min(1).describe('Path of the file, relative to the configuration file.') })
  .transform(({ file }) => new SecretReference({ kind: 'file', path: file }));

const environmentReference = z
  .strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
      .describe('Name of the environment variable.'),
  })
  .transform(({ env }) => new SecretReference({ kind: 'env', name: env }));

/** A secret, by reference: `{file: path}` or `{env: NAME}`. One newline at the end of a file is not part of it. */
export const secretSchema = z
  .union([fileReference, environmentReference], {
    error: 'expected a reference to a secret: {file: path} or {env: NAME}',
  })
  .transform((reference): Secret<string> => reference);

const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

const durationExpectation = 'expected a whole number with a unit (s, m, h or d), such as 30s, 15m, 12h or 14d';

/** A length of time as a whole number with a unit: `30s`, `15m`, `12h`, `14d`. Yields seconds. */
export const durationSchema = durationOf(/^([1-9][0-9]{0,8})([smhd])$/);

/** As {@link durationSchema}, with `0s` where none at all makes sense. */
export const durationOrNoneSchema = durationOf(/^(0(?=s)|[1-9][0-9]{0,8})([smhd])$/);

function durationOf(form: RegExp) {
  return z
    .string(durationExpectation)
    .regex(form, durationExpectation)
    .transform((text): Seconds => {
      const [, count = '', unit = ''] = form.exec(text) ?? [];
      return secondsOf(Number(count) * (secondsPerUnit.get(unit) ?? Number.NaN));
    });
}

/** A path prefix below which Sallyport answers itself: starts with a slash, does not end with one: `/_auth`. */
export const basePathSchema = z
  .string()
  .regex(
    /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/,
    'expected a path such as /_auth: it starts with a slash, does not end with one, and has only letters, digits and . _ ~ -',
  );

/** Where plain HTTP stays on the machine. */
export const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * An absolute https URL without user-info and fragment; http as well, but only on localhost, 127.0.0.1 and [::1],
 * for development.
 */
export const httpsOrLoopbackUrlSchema = z
  .string()
  .refine(
    (text) => isPlainUrl(text, (url) => url.protocol === 'https:' || isLoopbackHttp(url)),
    'expected an https URL (http only on localhost) without user name, password and fragment',
  );

/** As {@link httpsOrLoopbackUrlSchema}, with http on any host: where another setting decides whether that is allowed. */
export const webUrlSchema = z
  .string()
  .refine(
    (text) => isPlainUrl(text, (url) => url.protocol === 'https:' || url.protocol === 'http:'),
    'expected an http or https URL without user name, password and fragment',
  );

function isLoopbackHttp(url: URL): boolean {
  return url.protocol === 'http:' && loopbackHosts.has(url.hostname);
}

// The parser removes tabs, newlines and blanks at the ends and turns backslashes into slashes: what it had to
// repair was not a URL.
function isPlainUrl(text: string, mayUse: (url: URL) => boolean): boolean {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text) || /[\s\\#]/.test(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '' && mayUse(url);
}
