import { comment, decide, type Findings } from '../findings.ts';
import { fail } from './fail.ts';
import { type Given, isOn, textOf } from './given.ts';
import type { Original } from './original.ts';
import type { ProviderKind } from './provider-kinds.ts';

const urlFlags = ['login-url', 'redeem-url', 'oidc-jwks-url', 'profile-url', 'validate-url'] as const;

/** Where the provider is asked: settings of one provider. */
export function endpointsOf(
  { given }: Original,
  kind: ProviderKind,
  issuer: string,
  name: string,
  found: Findings,
): Readonly<Record<string, unknown>> {
  const settings =
    kind.protocol === 'oauth2' ? plainEndpoints(given, kind, found) : openidEndpoints(given, kind, issuer, found);
  const urls = [issuer, ...textsIn(settings)];
  if (!urls.some((url) => url.startsWith('http:'))) return settings;
  comment(
    found,
    ['providers', name, 'allowHttp'],
    'For development: tokens and credentials cross the network in the clear.',
  );
  decide(
    found,
    ['oidc-issuer-url', 'redeem-url'],
    'the provider is asked over plain HTTP: use https outside development',
  );
  return { ...settings, allowHttp: true };
}

function openidEndpoints(
  given: Given,
  kind: ProviderKind,
  issuer: string,
  found: Findings,
): Readonly<Record<string, unknown>> {
  if (!isOn(given, 'skip-oidc-discovery')) {
    const own = urlFlags.filter((flag) => given.has(flag) && flag !== 'validate-url' && kind.name !== 'login-gov');
    if (own.length > 0) {
      const text = 'endpoints come from the discovery of the issuer; to name them yourself write metadata';
      decide(found, own, text);
    }
    const isUsual = issuer === kind.issuer || issuer.startsWith('https://login.microsoftonline.com/');
    return isUsual && kind.endpointOrigins !== undefined ? { endpointOrigins: kind.endpointOrigins } : {};
  }
  const needed = (['login-url', 'redeem-url', 'oidc-jwks-url'] as const).filter(
    (flag) => textOf(given, flag) === undefined,
  );
  for (const flag of needed) {
    const problem = 'it is missing, and skip-oidc-discovery leaves nothing to find it by';
    fail(found, flag, problem, 'name it, or add -- --skip-oidc-discovery=false');
  }
  return {
    metadata: {
      authorization_endpoint: textOf(given, 'login-url'),
      token_endpoint: textOf(given, 'redeem-url'),
      jwks_uri: textOf(given, 'oidc-jwks-url'),
      ...(textOf(given, 'profile-url') === undefined ? {} : { userinfo_endpoint: textOf(given, 'profile-url') }),
    },
  };
}

function plainEndpoints(given: Given, kind: ProviderKind, found: Findings): Readonly<Record<string, unknown>> {
  const { metadata, identity } = kind;
  const authorization = textOf(given, 'login-url') ?? metadata?.authorization_endpoint;
  const token = textOf(given, 'redeem-url') ?? metadata?.token_endpoint;
  const base = kind.name === 'github' ? githubApi(textOf(given, 'validate-url')) : undefined;
  const own = kind.name === 'nextcloud' ? textOf(given, 'validate-url') : textOf(given, 'profile-url');
  const userinfo = base === undefined ? (own ?? metadata?.userinfo_endpoint) : `${base}/user`;
  for (const [flag, url] of [
    ['login-url', authorization],
    ['redeem-url', token],
    ['validate-url', userinfo],
  ] as const) {
    if (url === undefined) fail(found, flag, 'it is missing, and this provider has no usual address');
  }
  return {
    metadata: { authorization_endpoint: authorization, token_endpoint: token, userinfo_endpoint: userinfo },
    identity: base === undefined ? identity : { ...identity, emailsUrl: `${base}/user/emails` },
  };
}

/** Base of the API of GitHub Enterprise or Gitea, which `validate-url` lies in; undefined for github.com. */
function githubApi(validateUrl: string | undefined): string | undefined {
  if (validateUrl === undefined || !URL.canParse(validateUrl)) return undefined;
  const { origin, pathname } = new URL(validateUrl);
  const base = /^\/api\/v\d+/.exec(pathname)?.[0] ?? pathname.replace(/\/$/, '');
  return `${origin}${base}`;
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}
