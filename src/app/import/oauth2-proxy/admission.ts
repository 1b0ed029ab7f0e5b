import { comment, decide, type Findings } from '../findings.ts';
import { fail } from './fail.ts';
import { type Given, isOn, listOf, textOf } from './given.ts';
import type { Original } from './original.ts';
import type { ProviderKind } from './provider-kinds.ts';

/** Who may come in once logged in. */
export type Admission =
  /** `require` of the rules. */
  | { readonly kind: 'require'; readonly requirements: Readonly<Record<string, unknown>> }
  /** What oauth2-proxy asked for cannot be asked for: nobody, until a person decides. */
  | { readonly kind: 'deny'; readonly why: string };

/** Who oauth2-proxy lets in, in the words of sallyport.yaml. Never more people than before. */
export function admissionOf(original: Original, kind: ProviderKind, found: Findings): Admission {
  const { given } = original;
  const addresses = addressesOf(original, found);
  const groups = groupsOf(given, kind.hasGroups);
  const reasons = [addresses, groups].flatMap((part) => (part.kind === 'deny' ? [part] : []));
  for (const { flags, why } of reasons) decide(found, flags, `${why}: every request that needs a login is denied`);
  const [first] = reasons;
  if (first !== undefined) return { kind: 'deny', why: first.why };
  const dropped = groups.kind === 'require' ? (groups.dropped ?? []) : [];
  if (dropped.length > 0) decide(found, dropped, `${notInTokens}: who came in by it does not any more`);
  // oauth2-proxy refuses an address of which the provider says that it is not verified, whoever may come in.
  const isVerified = kind.saysVerified && !isOn(given, 'insecure-oidc-allow-unverified-email');
  const wantsVerified = addresses.kind === 'none' && isVerified;
  if (wantsVerified) {
    const text =
      'as before, users whose address is not verified are refused (verifiedEmail); remove it where none are sent';
    decide(found, ['email-domain'], text);
  }
  const requirements = {
    ...(addresses.kind === 'require' ? addresses.requirements : {}),
    ...(groups.kind === 'require' ? groups.requirements : {}),
    ...(wantsVerified ? { verifiedEmail: true } : {}),
  };
  return { kind: 'require', requirements };
}

/** Whether rules ask for addresses. */
export function asksForAddresses(given: Given): boolean {
  return !listOf(given, 'email-domain').includes('*');
}

type Part =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'require';
      readonly requirements: Readonly<Record<string, readonly string[]>>;
      /** Options for others who came in before, and do not now. */
      readonly dropped?: readonly string[];
    }
  | { readonly kind: 'deny'; readonly flags: readonly string[]; readonly why: string };

function addressesOf(original: Original, found: Findings): Part {
  const { given } = original;
  const domains = listOf(given, 'email-domain');
  if (domains.includes('*')) return { kind: 'none' };
  const file = textOf(given, 'authenticated-emails-file');
  if (domains.length === 0 && file === undefined && textOf(given, 'htpasswd-file') === undefined) {
    const problem =
      'it is missing, and so is authenticated-emails-file: oauth2-proxy lets nobody in, and does not start';
    fail(found, 'email-domain', problem, 'add -- --email-domain=example.com, or --email-domain=* for everybody');
    return { kind: 'none' };
  }
  const claim = textOf(given, 'oidc-email-claim');
  if (claim !== undefined && claim !== 'email') {
    const why = 'rules ask for addresses in the claim email, and oauth2-proxy looked into another one';
    return { kind: 'deny', flags: ['oidc-email-claim'], why };
  }
  const exact = domains.filter((domain) => !domain.startsWith('.') && !domain.startsWith('*.'));
  const emails = file === undefined ? [] : emailsIn(original.readText(file));
  if (exact.length < domains.length) {
    const text = 'domains are compared exactly: write each subdomain that may come in';
    decide(found, ['email-domain'], text);
  }
  if (emails === undefined) {
    const text = 'it cannot be read here; its addresses do not come in until you write them under emails';
    decide(found, ['authenticated-emails-file'], text);
  } else if (file !== undefined) {
    decide(
      found,
      ['authenticated-emails-file'],
      'its addresses are copied: later changes of the file count for nothing',
    );
  }
  const requirements = {
    ...(exact.length > 0 ? { domains: exact } : {}),
    ...(emails !== undefined && emails.length > 0 ? { emails } : {}),
  };
  if (Object.keys(requirements).length > 0) return { kind: 'require', requirements };
  const flags = ['email-domain', 'authenticated-emails-file', 'htpasswd-file'].filter((flag) => given.has(flag));
  return { kind: 'deny', flags, why: 'nothing is left of who may come in' };
}

/** One address on each line, the first field of it; undefined when there is no text. */
function emailsIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  return text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.split(',')[0] ?? '').trim().replace(/^"|"$/g, '').trim())
    .filter((address) => address !== '');
}

function groupsOf(given: Given, hasGroups: boolean): Part {
  const allowed = listOf(given, 'allowed-group');
  if (allowed.length > 0 && !hasGroups) return { kind: 'deny', flags: ['allowed-group'], why: notInTokens };
  const { groups, beyond } = membershipOf(given, textOf(given, 'provider') ?? 'google');
  const known = [...allowed, ...groups];
  const unknown = beyond.filter((flag) => textOf(given, flag) !== undefined);
  // Each way in widens the others: without those that cannot be asked for fewer come in.
  if (known.length > 0) return { kind: 'require', requirements: { groups: known }, dropped: unknown };
  return unknown.length === 0 ? { kind: 'none' } : { kind: 'deny', flags: unknown, why: notInTokens };
}

const notInTokens = 'the membership that oauth2-proxy asks the provider for is in no token';

/** Groups that options of one provider name, and options for what no token tells. */
function membershipOf(
  given: Given,
  provider: string,
): { readonly groups: readonly string[]; readonly beyond: readonly string[] } {
  switch (provider) {
    case 'google':
      return { groups: [], beyond: ['google-group'] };
    case 'github':
      return { groups: listOf(given, 'github-user'), beyond: ['github-org', 'github-team', 'github-repo'] };
    case 'gitlab':
      return { groups: listOf(given, 'gitlab-group'), beyond: ['gitlab-project'] };
    case 'keycloak':
      return { groups: listOf(given, 'keycloak-group'), beyond: [] };
    case 'keycloak-oidc':
      return { groups: listOf(given, 'keycloak-group'), beyond: ['allowed-role'] };
    default:
      return { groups: [], beyond: [] };
  }
}

/** The claim that `require.groups` is held against. */
export function groupsClaimOf(given: Given, found: Findings): string | undefined {
  const provider = textOf(given, 'provider') ?? 'google';
  const path = ['modes', 'web', 'groupsClaim'];
  if (provider === 'github' && listOf(given, 'github-user').length > 0) {
    comment(found, path, 'The login name at GitHub, so that rules can ask for it.');
    return 'preferred_username';
  }
  if (provider === 'gitlab' && (given.has('gitlab-group') || given.has('allowed-group'))) {
    comment(found, path, 'Groups that the user is a direct member of; inherited ones are in no ID token.');
    decide(found, ['gitlab-group'], 'only direct members of the groups come in, not those of groups above them');
    return 'groups_direct';
  }
  const claim = textOf(given, 'oidc-groups-claim');
  return claim === 'groups' ? undefined : claim;
}
