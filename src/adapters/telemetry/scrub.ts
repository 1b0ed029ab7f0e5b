/** What stands in a log for something that must not. */
export const redacted = '[redacted]';

/** Names of parameters, members and headers whose value opens something (RFC 6749, RFC 7636, RFC 7523, RFC 9126). */
const secretNames = [
  'code',
  'state',
  'nonce',
  'code_verifier',
  'codeVerifier',
  '[\\w-]*token',
  'id_token_hint',
  'client_secret',
  'clientSecret',
  'client_assertion',
  'assertion',
  'password',
  'passwd',
  'secret',
  'session',
  '__(?:Host|Secure)-[\\w-]+',
].join('|');

interface Replacement {
  readonly pattern: RegExp;
  readonly by: string;
}

/** In this order: the wide patterns at the end would break up what the narrow ones recognise. Each is linear. */
const replacements: readonly Replacement[] = [
  { pattern: /-----BEGIN [^-]{1,40}-----[^-]*(?:-----END [^-]{1,40}-----)?/g, by: redacted },
  { pattern: /\b((?:set-)?cookie2?|(?:proxy-)?authorization)(["']?\s*[:=]\s*)[^\r\n]+/gi, by: `$1$2${redacted}` },
  { pattern: /\b(bearer|basic|dpop)\s+[\w.~+/=-]{6,}/gi, by: `$1 ${redacted}` },
  // user:password@ of a URL, then its query and fragment.
  { pattern: /([a-z][a-z\d+.-]{1,20}:\/\/)[^\s/@?#"']+@/gi, by: `$1${redacted}@` },
  { pattern: /([a-z][a-z\d+.-]{1,20}:\/\/[^\s?#"'<>]+)[?#][^\s"'<>]+/gi, by: `$1?${redacted}` },
  {
    pattern: new RegExp(`(?<![\\w-])(${secretNames})(["']\\s*:\\s*["']|=["']?)[^\\s"'&,;]+`, 'gi'),
    by: `$1$2${redacted}`,
  },
  // A JWS or JWE in compact form (RFC 7515 §7.1): `{"` is `eyJ` in base64url.
  { pattern: /eyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g, by: redacted },
];

/** Long runs of base64url or hex. */
const opaqueRun = /(?<![\w-])[\w-]{32,}(?:[.~+][\w-]+)*={0,2}/g;

/** Takes out of a text what looks like a token, code, cookie, password or key. Errs on the side of too much. */
export function scrub(text: string): string {
  let scrubbed = text;
  for (const { pattern, by } of replacements) scrubbed = scrubbed.replace(pattern, by);
  return scrubbed.replace(opaqueRun, (run) => (looksRandom(run) ? redacted : run));
}

const constant = /^[A-Z\d]+(?:_[A-Z\d]+)+$/;
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Words have no digits, random values nearly always do. A lone UUID is a reference, not a key. */
function looksRandom(run: string): boolean {
  return /\d/.test(run) && /[a-z]/i.test(run) && !constant.test(run) && !uuid.test(run);
}
