import { type Claims, type JsonValue, textsOf } from '../json.ts';

/** Who a rule lets in, beyond having logged in. An absent list demands nothing. */
export interface AdmissionRequirements {
  /** Full addresses, compared without case of ASCII letters. `emails` and `domains` widen each other. */
  readonly emails?: readonly string[] | undefined;
  /** Exact domains of addresses, without `@`, compared in the same way; subdomains do not count. */
  readonly domains?: readonly string[] | undefined;
  /** The user must be in at least one of them. Compared exactly. Narrows the other two. */
  readonly groups?: readonly string[] | undefined;
  /** The address must be a verified one, whatever it is. `emails` and `domains` demand that by themselves. */
  readonly verifiedEmail?: true | undefined;
}

/** How claims are read for admission. */
export interface AdmissionSettings {
  /** Claim that lists the user's groups. */
  readonly groupsClaim: string;
  /** Accept an address whose provider does not say `email_verified: true`. */
  readonly allowsUnverifiedEmail: boolean;
}

export type AdmissionRefusal = 'email_not_verified' | 'email_not_allowed' | 'group_not_allowed';

/** Why these claims are not let in; undefined when they are. */
export function admissionRefusal(
  claims: Claims,
  requirements: AdmissionRequirements,
  settings: AdmissionSettings,
): AdmissionRefusal | undefined {
  const asksForAddress = requirements.emails !== undefined || requirements.domains !== undefined;
  if (asksForAddress || requirements.verifiedEmail === true) {
    if (!settings.allowsUnverifiedEmail && claims.get('email_verified') !== true) return 'email_not_verified';
    if (asksForAddress && !isAllowedEmail(claims.get('email'), requirements)) return 'email_not_allowed';
  }
  if (requirements.groups !== undefined) {
    const own = textsOf(claims.get(settings.groupsClaim));
    if (!requirements.groups.some((group) => own.includes(group))) return 'group_not_allowed';
  }
  return undefined;
}

function isAllowedEmail(claim: JsonValue | undefined, requirements: AdmissionRequirements): boolean {
  if (typeof claim !== 'string') return false;
  const email = lowerCase(claim);
  const parts = email.split('@');
  const [local, domain] = parts;
  // `a@evil@corp` has two readings; we take neither.
  if (parts.length !== 2 || local === '' || domain === undefined) return false;
  return (
    (requirements.emails ?? []).some((allowed) => lowerCase(allowed) === email) ||
    (requirements.domains ?? []).some((allowed) => lowerCase(allowed) === domain)
  );
}

/** Of ASCII letters alone: `toLowerCase` makes `k` of the Kelvin sign, and so one address of two. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
