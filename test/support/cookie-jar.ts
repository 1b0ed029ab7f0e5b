import { noteSecret } from './seen-secrets.ts';

/** A cookie as a browser keeps it (RFC 6265 §5.3). */
export interface KeptCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Attributes by lower-case name; a flag has the value ''. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The Set-Cookie value it came with. */
  readonly line: string;
}

/** The cookies of one host, each at its own path: what a deletion at another path leaves behind stays here. */
export interface CookieJar {
  /** Takes a Set-Cookie value. Throws for what browsers do not keep, so that no test passes without its cookie. */
  keep(line: string): void;
  all(): readonly KeptCookie[];
  /** The Cookie header for a path, longer paths first (RFC 6265 §5.4); '' for none. */
  headerFor(path: string): string;
  /** The value of the one cookie of this name. */
  value(name: string): string | undefined;
  put(name: string, value: string, path?: string): void;
  delete(name: string): void;
  copy(): CookieJar;
}

export function createCookieJar(cookies: ReadonlyMap<string, KeptCookie> = new Map()): CookieJar {
  // By path, name and domain, which is what makes two cookies one.
  const kept = new Map(cookies);
  const keyOf = ({ path, name, attributes }: KeptCookie) => `${path} ${name} ${attributes.get('domain') ?? ''}`;

  return {
    keep(line) {
      const cookie = parse(line);
      noteSecret(cookie.value);
      if (isOver(cookie)) kept.delete(keyOf(cookie));
      else kept.set(keyOf(cookie), cookie);
    },
    all: () => [...kept.values()],
    headerFor: (path) =>
      [...kept.values()]
        .filter((cookie) => covers(cookie.path, path))
        .sort((one, other) => other.path.length - one.path.length)
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    value: (name) => [...kept.values()].find((cookie) => cookie.name === name)?.value,
    put(name, value, path) {
      const known = [...kept.values()].find((cookie) => cookie.name === name);
      const cookie = { name, value, path: path ?? known?.path ?? '/', attributes: new Map<string, string>(), line: '' };
      if (known !== undefined) kept.delete(keyOf(known));
      kept.set(keyOf(cookie), cookie);
    },
    delete(name) {
      for (const [key, cookie] of kept) if (cookie.name === name) kept.delete(key);
    },
    copy: () => createCookieJar(kept),
  };
}

function parse(line: string): KeptCookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const attributes = new Map(rest.map((attribute) => split(attribute)).map(([name, value]) => [lower(name), value]));
  const [name, value] = split(pair);
  const path = attributes.get('path') ?? '';
  if (line.length > 4096) throw new Error(`no browser keeps a cookie of ${line.length} bytes: ${name}`);
  if (!path.startsWith('/')) throw new Error(`a cookie without a path: ${line}`);
  if (name.startsWith('__Host-') && (path !== '/' || attributes.has('domain') || !attributes.has('secure')))
    throw new Error(`no browser keeps ${line}`);
  return { name, value, path, attributes, line };
}

function split(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function lower(text: string): string {
  return text.toLowerCase();
}

function isOver({ attributes }: KeptCookie): boolean {
  const expires = attributes.get('expires');
  return attributes.get('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
}

/** RFC 6265 §5.1.4. */
function covers(cookiePath: string, path: string): boolean {
  return cookiePath === path || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
