import { comment, decide, type Findings, todo } from '../findings.ts';
import { fail } from './fail.ts';
import { isOn, listOf, textOf } from './given.ts';
import type { Original } from './original.ts';

/** Where users reach the workload, and where login lives there. */
export interface Sites {
  readonly origins: readonly string[];
  readonly basePath: string;
}

const defaultPrefix = '/oauth2';

/** Origins and base path, so that the callbacks that the provider knows stay what they are. */
export function sitesOf({ given, origins }: Original, found: Findings): Sites {
  const redirect = redirectUrl(textOf(given, 'redirect-url'), isOn(given, 'cookie-secure'), found);
  const all = [...new Set([...(redirect === undefined ? [] : [redirect.origin]), ...origins])];
  if (all.length === 0 && !found.problems.some(({ subject }) => subject === '--redirect-url')) {
    const problem = 'it is missing or names no host: oauth2-proxy then takes the host of each request';
    fail(found, 'redirect-url', problem, 'name your sites: --origin https://app.example.com (before the --)');
  }
  const basePath = basePathOf(textOf(given, 'proxy-prefix') ?? '', redirect, found);
  const domains = listOf(given, 'cookie-domain');
  if (domains.length > 0 || listOf(given, 'whitelist-domain').length > 0) {
    const text = 'Sessions are for one host each: add every host that users log in on, and register its callback.';
    comment(found, ['origins'], text);
  }
  for (const origin of all) {
    todo(found, ['redirect-url'], `the provider must know the callback ${origin}${basePath}/callback`);
  }
  return { origins: all, basePath };
}

// A path alone names no host: oauth2-proxy then takes that of the request.
function redirectUrl(text: string | undefined, isSecure: boolean, found: Findings): URL | undefined {
  if (text === undefined || text.startsWith('/')) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    fail(found, 'redirect-url', 'expected https://host/oauth2/callback');
    return undefined;
  }
  if (url.protocol === 'http:' && isSecure) {
    decide(found, ['redirect-url'], 'over plain http browsers keep no secure cookie: use https');
  }
  return url;
}

function basePathOf(prefix: string, redirect: URL | undefined, found: Findings): string {
  const path = redirect?.pathname ?? '/';
  const [, fromRedirect] = /^(\/.+)\/callback$/.exec(path) ?? [];
  const chosen = fromRedirect ?? prefix.replace(/\/+$/, '');
  if (/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(chosen)) {
    if (path !== '/' && fromRedirect === undefined) {
      decide(found, ['redirect-url'], 'its path is another than <base path>/callback: register the new callback');
    }
    return chosen;
  }
  decide(
    found,
    ['proxy-prefix'],
    `it cannot be a base path here; ${defaultPrefix} is taken, so register the new callback`,
  );
  return defaultPrefix;
}
