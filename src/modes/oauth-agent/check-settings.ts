import { indexOrigins, originOf } from '../../core/http/authority.ts';
import type { SettingsFinding, Surroundings } from '../surroundings.ts';
import type { OauthAgentSettings } from './settings.ts';

/** Finds what would keep users of an agent from logging in, pages from reading its answers, or its key from protecting. */
export function checkSettings(settings: OauthAgentSettings, surroundings: Surroundings): readonly SettingsFinding[] {
  return [
    ...checkKey(settings, surroundings),
    ...checkProvider(settings, surroundings),
    ...checkRedirectUri(settings, surroundings),
    ...checkCors(settings, surroundings),
    ...checkCookie(settings, surroundings),
  ];
}

function checkKey({ version1 }: OauthAgentSettings, surroundings: Surroundings): readonly SettingsFinding[] {
  const problem = version1 && surroundings.problemOfSharedKey(version1.key);
  return problem === undefined ? [] : [error(['version1', 'key'], problem, 'make one: openssl rand -hex 32')];
}

function checkProvider(
  { provider, phantomTokens }: OauthAgentSettings,
  { providers }: Surroundings,
): readonly SettingsFinding[] {
  const { responseMode, metadata } = providers.get(provider) ?? {};
  const findings: SettingsFinding[] = [];
  if (responseMode === 'form_post') {
    const problem = `logins end in a page of the application, which never sees what providers.${provider} posts`;
    const fix = `write responseMode: query in providers.${provider}, or give this instance a provider of its own`;
    findings.push(error(['provider'], problem, fix));
  }
  if (phantomTokens && metadata !== undefined && metadata.introspection_endpoint === undefined) {
    const problem = `the metadata of providers.${provider} names no introspection_endpoint, where JWTs come from`;
    const fix = `add introspection_endpoint to providers.${provider}.metadata, or remove phantomTokens`;
    findings.push(error(['phantomTokens'], problem, fix));
  }
  return findings;
}

/** The page where logins end must be trusted, and must be one: below a base path Sallyport itself answers. */
function checkRedirectUri(
  { redirectUri, trustedOrigins }: OauthAgentSettings,
  { origins, basePaths }: Surroundings,
): readonly SettingsFinding[] {
  if (origins.length === 0) return [];
  const { origin, pathname } = new URL(redirectUri);
  if (!isAmong(origins, origin)) {
    if (trustedOrigins !== undefined) return [];
    const problem = 'the page is on none of the origins, and without trustedOrigins no other page can finish a login';
    const fix = `write trustedOrigins: [${origin}] and cors: {enabled: true}, or add ${origin} to origins`;
    return [error(['redirectUri'], problem, fix)];
  }
  const [instance] = [...basePaths].find(([, basePath]) => isBelow(pathname, basePath)) ?? [];
  if (instance === undefined) return [];
  const problem = `no browser gets to this page: Sallyport itself answers at the base path of modes.${instance} and below`;
  return [error(['redirectUri'], problem, 'name a page of the application, here and at the provider')];
}

/** Which pages can read answers, and whose requests say where they come from. */
function checkCors(
  { cors, trustedOrigins }: OauthAgentSettings,
  { guardedOrigins }: Surroundings,
): readonly SettingsFinding[] {
  if (guardedOrigins.length === 0) return [];
  if (cors.enabled) {
    // Without a list the agent trusts the origin alone that it was asked at.
    if (trustedOrigins !== undefined && !trustedOrigins.some((origin) => isAmong(guardedOrigins, origin))) return [];
    const problem =
      'a trusted origin is where the APIs are: browsers send no Origin with GET to their own origin, and with CORS such a GET is refused';
    const fix =
      'set cors.enabled: false; where the APIs have another origin, name its host alone in hosts of their rules';
    return [warning(['cors', 'enabled'], problem, fix)];
  }
  const problem = 'its pages are on another origin than the APIs: without CORS they can read no answer';
  return (trustedOrigins ?? []).flatMap((origin, index) =>
    isAmong(guardedOrigins, origin)
      ? []
      : [warning(['trustedOrigins', index], problem, 'set cors.enabled: true, or remove this origin')],
  );
}

/** Whether browsers take the cookies, and send them back. */
function checkCookie(
  { cookie: { domain, basePath: cookiePath }, basePath }: OauthAgentSettings,
  { guardedOrigins }: Surroundings,
): readonly SettingsFinding[] {
  const findings: SettingsFinding[] = [];
  if (domain !== undefined && !guardedOrigins.every((origin) => isWithin(new URL(origin).hostname, domain))) {
    const problem =
      'an origin is neither this host nor below it: browsers take no such cookie there, and nobody can log in';
    const fix =
      'write a domain above the hosts of all origins, or remove domain; hosts in rules keep an instance to some of them';
    findings.push(error(['cookie', 'domain'], problem, fix));
  }
  if (cookiePath !== undefined && !isBelow(basePath, cookiePath)) {
    const problem =
      'basePath is not below this path: browsers send no login cookie to the agent, and no login can be finished';
    const fix = 'remove it; right only where a proxy before Envoy changes paths, so that browsers see the agent here';
    findings.push(warning(['cookie', 'basePath'], problem, fix));
  }
  return findings;
}

function isAmong(origins: readonly string[], origin: string): boolean {
  return originOf(new URL(origin).host, indexOrigins(origins)) === origin;
}

/** RFC 6265 §5.1.3. A wildcard is below a domain that all of its hosts are below. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function isBelow(path: string, base: string): boolean {
  return `${path}/`.startsWith(`${base}/`);
}

function error(path: SettingsFinding['path'], problem: string, fix: string): SettingsFinding {
  return { kind: 'error', path, problem, fix };
}

function warning(path: SettingsFinding['path'], problem: string, fix: string): SettingsFinding {
  return { kind: 'warning', path, problem, fix };
}
