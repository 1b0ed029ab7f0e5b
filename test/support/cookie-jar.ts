/** A cookie as a browser keeps it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  /** Attribute names in lower case; flags have the value ''. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** The cookies of one browser (RFC 6265bis, for hosts without Domain cookies; SameSite is not modelled). */
export interface CookieJar {
  /** The value of the Cookie header for a URL; undefined when there is none. */
  headerFor(url: URL): string | undefined;
  /** Takes the Set-Cookie lines of an answer. Cookies that a browser would refuse are errors: we sent them. */
  take(url: URL, setCookieLines: readonly string[]): void;
  get(name: string): Cookie | undefined;
  all(): readonly Cookie[];
  set(url: URL, name: string, value: string): void;
  delete(name: string): void;
}

/** An empty jar, or one with the cookies of another. */
export function cookieJar(from?: CookieJar): CookieJar {
  const cookies = new Map<string, Cookie>((from?.all() ?? []).map((cookie) => [keyOf(cookie), cookie]));
  return {
    headerFor: (url) => {
      const matching = [...cookies.values()].filter(
        ({ host, path }) => host === url.hostname && covers(path, url.pathname),
      );
      // RFC 6265bis §5.8.3: longer paths first.
      matching.sort((one, other) => other.path.length - one.path.length);
      return matching.length === 0 ? undefined : matching.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
    take: (url, lines) => {
      for (const cookie of lines.map((line) => parseSetCookie(url, line))) {
        if (isGone(cookie)) cookies.delete(keyOf(cookie));
        else cookies.set(keyOf(cookie), cookie);
      }
    },
    get: (name) => [...cookies.values()].find((cookie) => cookie.name === name),
    all: () => [...cookies.values()],
    set: (url, name, value) => {
      const cookie = { name, value, host: url.hostname, path: '/', attributes: new Map<string, string>() };
      cookies.set(keyOf(cookie), cookie);
    },
    delete: (name) => {
      for (const [key, cookie] of cookies) if (cookie.name === name) cookies.delete(key);
    },
  };
}

/** Reads one Set-Cookie line. Throws for one that a browser would drop. */
export function parseSetCookie(url: URL, line: string): Cookie {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  const attributes = new Map(
    rest.map((attribute) => {
      const [key = '', ...text] = attribute.split('=');
      return [key.trim().toLowerCase(), text.join('=').trim()] as const;
    }),
  );
  const path = attributes.get('path') ?? url.pathname.replace(/\/[^/]*$/, '') ?? '/';
  const isHostCookie = name.startsWith('__Host-');
  if (equals < 1) throw new Error(`a browser drops the cookie "${line}": no name`);
  if (isHostCookie && (!attributes.has('secure') || path !== '/' || attributes.has('domain'))) {
    throw new Error(`a browser drops the cookie ${name}: __Host- needs Secure, Path=/ and no Domain`);
  }
  // Browsers treat loopback as secure (W3C Secure Contexts §3.1).
  const isTrustworthy = url.protocol === 'https:' || url.hostname === 'localhost' || url.hostname.startsWith('127.');
  if (attributes.has('secure') && !isTrustworthy)
    throw new Error(`a browser drops the cookie ${name}: Secure over http`);
  return { name, value, host: url.hostname, path: path === '' ? '/' : path, attributes };
}

function covers(path: string, requested: string): boolean {
  return requested === path || requested.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function isGone({ attributes }: Cookie): boolean {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = attributes.get('expires');
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

function keyOf({ host, path, name }: Cookie): string {
  return `${host} ${path} ${name}`;
}
