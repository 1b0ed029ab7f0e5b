import { type Claims, claimsOf, type JsonValue } from '../../core/json.ts';
import type { IdentityMapping } from './provider-options.ts';

/** Who a userinfo answer is about, or why it says nothing. */
export type Identity =
  | { readonly kind: 'identity'; readonly subject: string; readonly claims: Claims }
  | { readonly kind: 'unusable'; readonly detail: string };

/** Reads the answer of a userinfo endpoint that is not OpenID's. `sub` among the claims is the subject. */
export function identityOf(userinfo: JsonValue, mapping: IdentityMapping): Identity {
  const subject = subjectOf(memberOf(userinfo, mapping.subject));
  if (subject === undefined) return { kind: 'unusable', detail: 'userinfo has no usable member for identity.subject' };
  const claims = [...mapping.claims].flatMap(([name, path]) => {
    const value = memberOf(userinfo, path);
    return value === undefined || value === null ? [] : [[name, value] as const];
  });
  return { kind: 'identity', subject, claims: new Map<string, JsonValue>([...claims, ['sub', subject]]) };
}

/** `email` and `email_verified` of a list of addresses: the primary one, which counts only if it was verified. */
export function verifiedEmailOf(emails: JsonValue): Claims {
  const list = Array.isArray(emails) ? emails.map(claimsOf) : [];
  const primary = list.find((entry) => entry.get('primary') === true);
  const email = primary?.get('email');
  if (typeof email !== 'string') return new Map();
  return new Map<string, JsonValue>([
    ['email', email],
    ['email_verified', primary?.get('verified') === true],
  ]);
}

/** Numbers as they are written; those that JSON cannot carry exactly could be somebody else's. */
function subjectOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The member of this name, or the one at the end of a way with dots. */
function memberOf(value: JsonValue, path: string): JsonValue | undefined {
  const members = claimsOf(value);
  if (members.has(path)) return members.get(path);
  const dot = path.indexOf('.');
  const inner = dot < 0 ? undefined : members.get(path.slice(0, dot));
  return inner === undefined ? undefined : memberOf(inner, path.slice(dot + 1));
}
