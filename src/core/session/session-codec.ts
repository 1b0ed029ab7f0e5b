import { type Claims, claimsOf, type JsonValue, parseJsonBytes } from '../json.ts';
import type { TokenSet } from '../oauth/token-set.ts';
import { Secret } from '../secret.ts';
import { type EpochSeconds, epochMillisecondsOf, epochSecondsOf } from '../time.ts';
import type { Session } from './session.ts';

/** Version of the shape below. A value of another version is no session. */
const version = 2;

/** UTF-8 JSON. The result holds tokens in the clear: it goes into a sealer and nowhere else. */
export function encodeSession(session: Session): Uint8Array {
  const { tokenSet } = session;
  return new TextEncoder().encode(
    JSON.stringify({
      v: version,
      instance: session.instance,
      provider: session.provider,
      registration: session.registration,
      sub: session.subject,
      sid: session.providerSessionId,
      claims: [...session.claims],
      at: tokenSet.accessToken.reveal(),
      obtained: tokenSet.obtainedAt,
      expires: tokenSet.expiresAt,
      rt: tokenSet.refreshToken?.reveal(),
      idt: tokenSet.idToken?.reveal(),
      scope: tokenSet.scope,
      created: session.createdAt,
      ends: session.endsAt,
      healed: session.healedAt,
    }),
  );
}

/** Undefined for anything that {@link encodeSession} of this version did not write. */
export function decodeSession(bytes: Uint8Array): Session | undefined {
  const fields = claimsOf(parseJsonBytes(bytes));
  if (fields.get('v') !== version || !hasSoundOptions(fields)) return undefined;
  const instance = text(fields, 'instance');
  const provider = text(fields, 'provider');
  const registration = text(fields, 'registration');
  const subject = text(fields, 'sub');
  const tokenSet = decodeTokenSet(fields);
  const created = number(fields, 'created');
  const ends = number(fields, 'ends');
  const claims = decodeClaims(fields.get('claims'));
  if (instance === undefined || provider === undefined || registration === undefined) return undefined;
  if (subject === undefined || tokenSet === undefined) return undefined;
  if (created === undefined || ends === undefined || claims === undefined) return undefined;
  return {
    instance,
    provider,
    registration,
    subject,
    providerSessionId: text(fields, 'sid'),
    claims,
    tokenSet,
    createdAt: epochSecondsOf(created),
    endsAt: epochSecondsOf(ends),
    healedAt: moment(fields, 'healed'),
  };
}

function decodeTokenSet(fields: Claims): TokenSet | undefined {
  const accessToken = text(fields, 'at');
  const obtained = number(fields, 'obtained');
  if (accessToken === undefined || obtained === undefined) return undefined;
  return {
    accessToken: new Secret(accessToken),
    obtainedAt: epochMillisecondsOf(obtained),
    expiresAt: moment(fields, 'expires'),
    refreshToken: secret(fields, 'rt'),
    idToken: secret(fields, 'idt'),
    scope: text(fields, 'scope'),
  };
}

/** An end that cannot be read must not become no end. */
function hasSoundOptions(fields: Claims): boolean {
  return (
    ['sid', 'rt', 'idt', 'scope'].every((name) => !fields.has(name) || text(fields, name) !== undefined) &&
    ['expires', 'healed'].every((name) => !fields.has(name) || number(fields, name) !== undefined)
  );
}

/** Claims travel as pairs, so that a claim named `__proto__` stays a claim. */
function decodeClaims(value: JsonValue | undefined): Claims | undefined {
  if (!Array.isArray(value)) return undefined;
  const pairs = value.filter(
    (pair): pair is [string, JsonValue] => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string',
  );
  return pairs.length === value.length ? new Map(pairs) : undefined;
}

function text(fields: Claims, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' ? value : undefined;
}

function number(fields: Claims, name: string): number | undefined {
  const value = fields.get(name);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function moment(fields: Claims, name: string): EpochSeconds | undefined {
  const value = number(fields, name);
  return value === undefined ? undefined : epochSecondsOf(value);
}

function secret(fields: Claims, name: string): Secret<string> | undefined {
  const value = text(fields, name);
  return value === undefined ? undefined : new Secret(value);
}
