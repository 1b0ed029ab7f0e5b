import { parseTarget } from './target.ts';

/** Longest return URL that a login carries, in bytes: it travels in `state`, through other people's URL limits. */
const longestReturnTo = 4096;

// Path, query and fragment as RFC 3986 spells them; anything else is spelled otherwise by some parser.
const uriReference = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@/?#]|%[0-9A-Fa-f]{2}|[[\]{}|^`"<>])*$/;

/**
 * Where to go after login: path, query and fragment on `origin`, or undefined when `value` is anything else
 * (another origin in any disguise, a scheme, an ambiguous path). `value` is a path, or a URL that starts with
 * exactly `origin`. The result is always sent as `origin + result`, so it cannot name another host.
 */
export function returnToOf(value: string, origin: string): string | undefined {
  const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value;
  if (path.length > longestReturnTo || !uriReference.test(path)) return undefined;
  const [target = '', ...fragments] = path.split('#');
  if (fragments.length > 1 || parseTarget(target).kind === 'ambiguous') return undefined;
  return path;
}
