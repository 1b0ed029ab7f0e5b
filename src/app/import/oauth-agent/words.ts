import { type Finding, formatPath } from '../../config/finding.ts';
import { endpointVariables } from './provider.ts';
import type { VariableName } from './variables.ts';

/** Variables that settings come from, by the path of the setting. */
const variablesByPath: ReadonlyMap<string, VariableName> = new Map<string, VariableName>([
  ['listen.authz', 'SALLYPORT_LISTEN_AUTHZ'],
  ['listen.ops', 'SALLYPORT_LISTEN_OPS'],
  ['keys', 'COOKIE_ENCRYPTION_KEY'],
  ['providers.login.clientId', 'CLIENT_ID'],
  ['providers.login.clientSecret', 'CLIENT_SECRET'],
  ['providers.login.issuer', 'ISSUER'],
  ['providers.login.scopes', 'SCOPE'],
  ['providers.login.allowHttp', 'SALLYPORT_ALLOW_HTTP'],
  ...[...endpointVariables].map(([member, name]) => [`providers.login.endpoints.${member}`, name] as const),
  ['modes.agent.redirectUri', 'REDIRECT_URI'],
  ['modes.agent.postLogoutRedirectUri', 'POST_LOGOUT_REDIRECT_URI'],
  ['modes.agent.trustedOrigins', 'TRUSTED_WEB_ORIGIN'],
  ['modes.agent.cors', 'CORS_ENABLED'],
  ['modes.agent.basePath', 'COOKIE_BASE_PATH'],
  ['modes.agent.cookie.prefix', 'COOKIE_NAME_PREFIX'],
  ['modes.agent.cookie.domain', 'COOKIE_DOMAIN'],
  ['modes.agent.version1', 'COOKIE_ENCRYPTION_KEY'],
]);

/** What to write instead, where the advice for a file would be none for an environment. */
const advice: ReadonlyMap<VariableName, string> = new Map<VariableName, string>([
  ['SALLYPORT_ALLOW_HTTP', 'use https and remove it'],
  ['CORS_ENABLED', 'set it to false; where the APIs have another origin, name that alone in SALLYPORT_ORIGINS'],
  ['COOKIE_DOMAIN', 'write the host of SALLYPORT_ORIGINS, or a domain above all of them'],
  ...(['SALLYPORT_LISTEN_AUTHZ', 'SALLYPORT_LISTEN_HTTP', 'SALLYPORT_LISTEN_OPS', 'PORT'] as const).map(
    (name) =>
      [name, 'listen on 127.0.0.1:port or unix:/path; for TLS write a file: sallyport import oauth-agent'] as const,
  ),
]);

const inProse: readonly (readonly [setting: string, variable: string])[] = [
  ['cors.enabled: true', 'CORS_ENABLED=true'],
  ['the base path of modes.agent', 'COOKIE_BASE_PATH'],
  ['trustedOrigins', 'TRUSTED_WEB_ORIGIN'],
  ['redirectUri', 'REDIRECT_URI'],
  ['listen.authz', 'SALLYPORT_LISTEN_AUTHZ'],
  ['listen.http', 'SALLYPORT_LISTEN_HTTP'],
  ['listen.ops', 'SALLYPORT_LISTEN_OPS'],
];

/** A finding in the words of the environment: variables in place of settings. */
export interface VariableFinding {
  readonly variable: string;
  readonly problem: string;
  readonly suggestion: string | undefined;
}

/** `chosen`: the variables that say where browsers reach the APIs, and where the side service listens. */
export function inVariables(
  { path, problem, suggestion }: Finding,
  chosen: { readonly origins: VariableName; readonly http: VariableName },
): VariableFinding {
  const names = new Map([...variablesByPath, ['origins', chosen.origins], ['listen.http', chosen.http]]);
  // The setting itself, or the nearest one that it stands in.
  const ways = path.map((_, index) => formatPath(path.slice(0, path.length - index)));
  const variable = ways.flatMap((way) => names.get(way) ?? []).at(0);
  const inWords = (text: string) => inProse.reduce((words, [from, to]) => words.replaceAll(from, to), text);
  return {
    variable: variable ?? formatPath(path),
    problem: inWords(problem),
    suggestion: (variable && advice.get(variable)) ?? (suggestion && inWords(suggestion)),
  };
}
