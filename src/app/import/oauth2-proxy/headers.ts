import { comment, decide, type Findings } from '../findings.ts';
import { isOn, textOf } from './given.ts';
import type { IdentityHeader, Original } from './original.ts';
import type { ProviderKind } from './provider-kinds.ts';

/** What the workload learns: `headers` and `forwardAccessToken` of the session instance. */
export interface IdentitySettings {
  /** Claims by the names of the headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly forwardAccessToken: boolean;
}

/** The headers of oauth2-proxy, with claims of the ID token in place of its words. */
export function identitySettingsOf(original: Original, kind: ProviderKind, found: Findings): IdentitySettings {
  const { alpha } = original;
  const all = alpha === undefined ? headersOf(original) : alpha.headers;
  const usable = all.filter((header) => isUsable(header, kind, found));
  const headers = Object.fromEntries(usable.map(({ name, claim }) => [name, claimFor(claim, original, kind)]));
  if (Object.keys(headers).length === 0) {
    comment(found, ['modes', 'web', 'headers'], 'None, as before. Write headers here that the workload should get.');
  }
  const passesToken = all.some(({ claim }) => claim === 'access_token');
  if (passesToken) {
    const flags = alpha === undefined ? ['pass-access-token'] : ['alpha-config'];
    decide(found, flags, 'the access token arrives as Authorization: Bearer; let the workload read it there');
    comment(
      found,
      ['modes', 'web', 'forwardAccessToken'],
      'As Authorization: Bearer, in place of X-Forwarded-Access-Token.',
    );
  }
  if (alpha === undefined) remarkOnAuthorization(original, found);
  return { headers, forwardAccessToken: passesToken };
}

/** As oauth2-proxy derives them from its options. */
function headersOf({ given }: Original): readonly IdentityHeader[] {
  const header = (name: string, claim: string): IdentityHeader => ({ name, claim, prefix: '' });
  const forwarded = isOn(given, 'pass-basic-auth') || isOn(given, 'pass-user-headers');
  const byAddress = isOn(given, 'prefer-email-to-user');
  const passesToken = isOn(given, 'pass-access-token');
  return [
    ...(forwarded
      ? [
          header('X-Forwarded-User', byAddress ? 'email' : 'user'),
          ...(byAddress ? [] : [header('X-Forwarded-Email', 'email')]),
          header('X-Forwarded-Groups', 'groups'),
          header('X-Forwarded-Preferred-Username', 'preferred_username'),
        ]
      : []),
    ...(isOn(given, 'set-xauthrequest')
      ? [
          header('X-Auth-Request-User', 'user'),
          header('X-Auth-Request-Email', 'email'),
          header('X-Auth-Request-Groups', 'groups'),
          header('X-Auth-Request-Preferred-Username', 'preferred_username'),
        ]
      : []),
    ...(passesToken ? [header('X-Forwarded-Access-Token', 'access_token')] : []),
  ];
}

/** Facts about the session and not about the user. */
const sessionFacts: ReadonlySet<string> = new Set([
  'access_token',
  'id_token',
  'refresh_token',
  'created_at',
  'expires_on',
]);
const reserved =
  /^(?:host|cookie|authorization|proxy-.*|connection|content-.*|transfer-encoding|te|trailer|upgrade|via|x-envoy-.*|x-sallyport-.*)$/i;

function isUsable({ name, claim, prefix }: IdentityHeader, kind: ProviderKind, found: Findings): boolean {
  if (claim === 'access_token') return false;
  if (claim === 'groups' && !kind.hasGroups) return false;
  if (sessionFacts.has(claim) || prefix !== '' || reserved.test(name) || !/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) {
    decide(
      found,
      ['alpha-config'],
      `the header ${name} cannot be made: headers carry claims of the user, and nothing else`,
    );
    return false;
  }
  return true;
}

function claimFor(claim: string, { given }: Original, kind: ProviderKind): string {
  switch (claim) {
    case 'user':
      return kind.userClaim;
    case 'email':
      return textOf(given, 'oidc-email-claim') ?? 'email';
    case 'groups':
      if (kind.name === 'gitlab') return 'groups_direct';
      return textOf(given, 'oidc-groups-claim') ?? 'groups';
    default:
      return claim;
  }
}

function remarkOnAuthorization({ given }: Original, found: Findings): void {
  const idToken = ['pass-authorization-header', 'set-authorization-header'].filter((flag) => isOn(given, flag));
  if (idToken.length > 0) {
    decide(found, idToken, 'no ID token is sent: the workload must verify the access token, or read the headers');
    const text =
      'The ID token is never sent. true: the access token as Authorization: Bearer, for workloads that verify it.';
    comment(found, ['modes', 'web', 'forwardAccessToken'], text);
  }
}

/** Whether oauth2-proxy leaves the Authorization header of a client on public paths. */
export function keepsAuthorization({ given, alpha }: Original): boolean {
  if (alpha !== undefined) return !alpha.headers.some(({ name }) => name.toLowerCase() === 'authorization');
  if (!isOn(given, 'skip-auth-strip-headers')) return true;
  const basic = isOn(given, 'pass-basic-auth') && textOf(given, 'basic-auth-password') !== undefined;
  return !basic && !isOn(given, 'pass-authorization-header');
}
