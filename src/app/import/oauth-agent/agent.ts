import { comment, decide, type Findings, fail } from '../findings.ts';
import { hasInsecureCookies } from './insecure-cookies.ts';
import type { Origins } from './origins.ts';
import { splitList } from './split-list.ts';
import type { VariableName } from './variables.ts';

/** `modes.agent`: sealed cookies in the form that gateways of the original understand. */
export function agentOf(
  settings: ReadonlyMap<VariableName, string>,
  redirectUri: string,
  { trustedOrigins, sites }: { readonly trustedOrigins: readonly string[]; readonly sites: Origins },
  found: Findings,
): Readonly<Record<string, unknown>> {
  const afterLogout = settings.get('POST_LOGOUT_REDIRECT_URI');
  const domain = settings.get('COOKIE_DOMAIN')?.replace(/^\./, '');
  const isInsecure = hasInsecureCookies(settings, sites, found);
  const text =
    'Cookies as the original seals them (0x01), so that its gateways read them. Set write: false without such a gateway.';
  comment(found, ['modes', 'agent', 'version1'], text);
  return {
    mode: 'oauth-agent',
    provider: 'login',
    state: 'sealed',
    basePath: basePathOf(settings, found),
    redirectUri,
    ...(afterLogout === undefined ? {} : { postLogoutRedirectUri: afterLogout }),
    trustedOrigins,
    cors: { enabled: isCorsEnabled(settings, found) },
    cookie: {
      prefix: settings.get('COOKIE_NAME_PREFIX') ?? 'example',
      ...(domain === undefined ? {} : { domain }),
      ...(isInsecure ? { insecureHttp: true } : {}),
    },
    version1: { key: { env: 'COOKIE_ENCRYPTION_KEY' }, write: true },
  };
}

/** TRUSTED_WEB_ORIGIN, which may be a list, else the origin of the page that logins end in. */
export function trustedOriginsOf(
  settings: ReadonlyMap<VariableName, string>,
  redirectUri: string | undefined,
  found: Findings,
): readonly string[] {
  const named = splitList(settings.get('TRUSTED_WEB_ORIGIN') ?? '');
  if (named.length > 0 || redirectUri === undefined || !URL.canParse(redirectUri)) return named;
  const { origin } = new URL(redirectUri);
  decide(found, ['TRUSTED_WEB_ORIGIN'], `it is not set: ${origin} is trusted, where REDIRECT_URI is, and no other`);
  return [origin];
}

const defaultBasePath = '/oauth-agent';

function basePathOf(settings: ReadonlyMap<VariableName, string>, found: Findings): string {
  const path = (settings.get('COOKIE_BASE_PATH') ?? defaultBasePath).replace(/\/+$/, '');
  if (path !== '') return path;
  decide(found, ['COOKIE_BASE_PATH'], `the whole host cannot be the agent's: ${defaultBasePath} is taken`);
  return defaultBasePath;
}

// The original has it on unless it is told otherwise.
function isCorsEnabled(settings: ReadonlyMap<VariableName, string>, found: Findings): boolean {
  const text = settings.get('CORS_ENABLED') ?? 'true';
  if (text !== 'true' && text !== 'false') fail(found, 'CORS_ENABLED', 'expected true or false');
  return text === 'true';
}
