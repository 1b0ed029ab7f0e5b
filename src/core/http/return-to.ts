import { readingsOf } from './path-readings.ts';
import { parseTarget } from './target.ts';

/** Longest return URL that a login carries, in bytes: it travels in `state`, through other people's URL limits. */
const longestReturnTo = 4096;

// What browsers put into a request line, and into a fragment. The path's part is judged by parseTarget.
const form = /^(\/[\x21\x22\x24-\x7e]*)(?:#[\x21\x22\x24-\x7e]*)?$/;

/**
 * Where to go after login: path, query and fragment on `origin`, or undefined when `value` is anything else
 * (another origin in any disguise, a scheme, an ambiguous path). `value` is a path, or a URL that starts with
 * exactly `origin`. The result is always sent as `origin + result`, so it cannot name another host.
 */
export function returnToOf(value: string, origin: string): string | undefined {
  const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value;
  if (path.length > longestReturnTo) return undefined;
  const [, target] = form.exec(path) ?? [];
  return target !== undefined && isPage(target) ? path : undefined;
}

/** A peculiar path as well, since a rule may let it on; but with a name first, so that nothing takes it for a host. */
function isPage(target: string): boolean {
  if (parseTarget(target).kind === 'target') return true;
  return !/^\/(?:[/;]|%2f|%3b)/i.test(target) && readingsOf(target) !== undefined;
}
