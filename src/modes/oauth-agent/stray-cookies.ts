import { parseAuthority } from '../../core/http/authority.ts';
import { clearCookie, countCookies, setCookieHeaders } from '../../core/http/cookies.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import type { AgentCookies, PlacedCookie } from './cookies.ts';
import type { Endpoint } from './endpoint.ts';
import type { AgentRuntime } from './runtime.ts';

/*
 * A browser keeps cookies of one name apart by domain and path, and sends them all: what another setting of domain or
 * paths has left, or another host of the domain has set, makes ours ambiguous, and nobody would be logged in. It does not
 * say where they are: they are deleted wherever they can be, but where ours belong.
 */

/** Envoy takes answers with a hundred headers. What is left is deleted with the next answer. */
const maxDeletions = 48;

/** Lines for one name: at most all of {@link maxDeletions}, so that each answer is done with one name at least. */
const maxDomains = 5;
const maxPaths = 8;

interface Came {
  readonly cookie: PlacedCookie;
  /** That of the cookie or of a chunk. */
  readonly name: string;
  readonly times: number;
}

/**
 * The answer of an endpoint, with deletions of cookies that are not where the settings have them: where one of our names
 * came more than once, and where a login sets one that came, which may have come from anywhere.
 */
export function withoutStrays(
  answer: Reply,
  request: HttpRequest,
  { name: endpoint, askedBy }: Pick<Endpoint, 'name' | 'askedBy'>,
  { settings, cookies, state }: Pick<AgentRuntime, 'settings' | 'cookies' | 'state'>,
): Reply {
  // Names with __Host- are in one place alone; and of whom a provider sends, we know no cookies.
  if (settings.cookie.hostOnly || askedBy !== 'application') return answer;
  const came = cameOf(request, cookies, state.cookieNames);
  const isDoubled = came.some(({ times }) => times > 1);
  const isLogin = endpoint === 'loginStart' || endpoint === 'loginEnd';
  if (!isDoubled && !isLogin) return answer;
  const written = namesSetBy(answer);
  const strays = isDoubled ? came : came.filter(({ cookie }) => written.has(cookie.name));
  const domains = domainsOf(request);
  const paths = pathsTo(`${settings.basePath}${settings.endpoints[endpoint]}`);
  const deletions = strays.flatMap((each) => deletionsOf(each, domains, paths)).slice(0, maxDeletions);
  // First: to a client of the older RFC 6265 a cookie for the host and one for its domain are the same.
  return { ...answer, headers: [...setCookieHeaders(deletions), ...answer.headers] };
}

/** Our cookies that came, with those first that came most often. */
function cameOf(request: HttpRequest, { at, auth, id, csrf, login, out }: AgentCookies, names: readonly string[]) {
  const placed = [at, auth, id, csrf, login, out];
  return names
    .flatMap((name): readonly Came[] => {
      const cookie = placed.find((each) => name === each.name || name.startsWith(`${each.name}.`));
      const times = countCookies(request, name);
      return cookie === undefined || times === 0 ? [] : [{ cookie, name, times }];
    })
    .sort((one, other) => other.times - one.times);
}

function namesSetBy({ headers }: Reply): ReadonlySet<string> {
  const lines = headers.filter(([name, value]) => name === 'set-cookie' && !value.endsWith('; Max-Age=0'));
  return new Set(lines.map(([, line]) => line.slice(0, line.indexOf('='))));
}

function deletionsOf(
  { cookie: { style }, name, times }: Came,
  domains: readonly (string | undefined)[],
  paths: readonly string[],
): readonly string[] {
  // For the whole host in every setting: only other programs would put it anywhere else.
  const places = style.path === '/' && times === 1 ? ['/'] : paths;
  return domains.flatMap((domain) =>
    places
      .filter((path) => domain !== style.domain || path !== style.path)
      .map((path) => clearCookie(name, { ...style, domain, path })),
  );
}

/** None, the host, and the domains above it. Browsers themselves refuse those that are public (RFC 6265bis §5.7). */
function domainsOf({ authority }: HttpRequest): readonly (string | undefined)[] {
  const labels = parseAuthority(authority)?.host.split('.') ?? [];
  // Addresses have none.
  if (/[\d\]]$/.test(labels.at(-1) ?? '')) return [undefined];
  const domains = labels.map((_, index) => labels.slice(index).join('.')).slice(0, -1);
  return [undefined, ...domains.slice(-maxDomains)];
}

/** The path and those above it: cookies of no other path came. */
function pathsTo(path: string): readonly string[] {
  const names = path.split('/').slice(1);
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)].slice(0, maxPaths);
}
