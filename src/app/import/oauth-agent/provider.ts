import { comment, decide, type Findings, fail } from '../findings.ts';
import { httpPermission, isHttp, isLoopbackHttp, mayLeaveInTheClear } from './plain-http.ts';
import type { VariableName } from './variables.ts';

/** Variables that name an endpoint, by the member of the provider's metadata. */
export const endpointVariables: ReadonlyMap<string, VariableName> = new Map([
  ['authorization_endpoint', 'AUTHORIZE_ENDPOINT'],
  ['token_endpoint', 'TOKEN_ENDPOINT'],
  ['userinfo_endpoint', 'USERINFO_ENDPOINT'],
  ['end_session_endpoint', 'LOGOUT_ENDPOINT'],
]);

/** The provider: its metadata is discovered, and endpoints that have a variable are where that says. */
export function providerOf(
  settings: ReadonlyMap<VariableName, string>,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  found: Findings,
): Readonly<Record<string, unknown>> {
  const endpoints = [...endpointVariables].flatMap(([member, name]) => {
    const url = settings.get(name);
    return url === undefined ? [] : [{ member, name, url }];
  });
  const allowHttp = allowsHttp(settings, [{ name: 'ISSUER', url: issuer }, ...endpoints], found);
  if (endpoints.length > 0) {
    comment(found, ['providers', 'login', 'endpoints'], 'The rest is discovered. Without these, everything is.');
  }
  return {
    issuer,
    clientId,
    clientSecret: { env: 'CLIENT_SECRET' },
    scopes: (settings.get('SCOPE') ?? 'openid profile').split(/\s+/).filter((scope) => scope !== ''),
    ...(endpoints.length === 0
      ? {}
      : { endpoints: Object.fromEntries(endpoints.map(({ member, url }) => [member, url])) }),
    ...(allowHttp ? { allowHttp } : {}),
  };
}

interface NamedUrl {
  readonly name: VariableName;
  readonly url: string;
}

/**
 * Whether plain HTTP is needed. It is allowed for the provider as a whole: without permission only to one that is on this
 * machine itself, and an error otherwise, also for an endpoint on this machine beside an issuer elsewhere.
 */
function allowsHttp(settings: ReadonlyMap<VariableName, string>, urls: readonly NamedUrl[], found: Findings): boolean {
  const permission = settings.get('SALLYPORT_ALLOW_HTTP') ?? 'false';
  if (permission !== 'true' && permission !== 'false') fail(found, 'SALLYPORT_ALLOW_HTTP', 'expected true or false');
  const plain = urls.filter(({ url }) => isHttp(url));
  if (plain.length === 0) return false;
  const isHere = urls.some(({ name, url }) => name === 'ISSUER' && isLoopbackHttp(url));
  const open = plain.filter(({ url }) => !isHere || !isLoopbackHttp(url));
  if (open.length > 0 && !mayLeaveInTheClear(settings)) {
    for (const { name, url } of open) fail(found, name, problemOf(url), `write https; ${httpPermission}`);
    return false;
  }
  const text = 'the provider is asked over plain HTTP: use https outside development';
  decide(
    found,
    plain.map(({ name }) => name),
    text,
  );
  comment(found, ['providers', 'login', 'allowHttp'], 'For development: tokens cross the network in the clear.');
  return true;
}

function problemOf(url: string): string {
  return isLoopbackHttp(url)
    ? 'plain HTTP would have to be allowed to the whole provider, whose ISSUER is not http on this machine'
    : 'plain HTTP would carry tokens and the client secret over the network in the clear';
}
