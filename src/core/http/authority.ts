/** Host and port of a `Host` or `:authority` value (RFC 9110 §7.2), in the form that is compared. */
export interface Authority {
  /** Lower-case, without a trailing dot; IPv6 in brackets. */
  readonly host: string;
  /** Undefined when the value names none. */
  readonly port: number | undefined;
}

// No user-info, no percent-encoding, no whitespace: names as DNS and browsers write them, or a bracketed IPv6.
const form = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(\d{1,5}))?$/i;

/** Undefined for a value that is not exactly one host with an optional port. */
export function parseAuthority(value: string): Authority | undefined {
  // Lower-cased after the match: in Unicode other letters than `K` become `k`.
  const [, spelled, digits] = form.exec(value) ?? [];
  if (spelled === undefined) return undefined;
  const name = spelled.toLowerCase();
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host: name.endsWith('.') ? name.slice(0, -1) : name, port };
}

/** An origin that a request's host names. */
export interface NamedOrigin {
  /** Scheme, host and port, without a wildcard: `https://a.example.com`. */
  readonly origin: string;
  /** As the configuration writes it, which is how rules know it: `https://*.example.com`. */
  readonly configured: string;
}

/** The configured origins by the authorities that name them: `host:port`, and `host` where the port is the default. */
export interface OriginIndex {
  readonly exact: ReadonlyMap<string, NamedOrigin>;
  /** By what follows the `*`: `.example.com:443`. */
  readonly wildcard: ReadonlyMap<string, NamedOrigin>;
}

const defaultPorts: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
]);

/**
 * Indexes origins (`https://app.example.com`, `http://localhost:8080`, `https://*.example.com`). Of two origins with
 * one `host:port` the later wins, and without a port https does; the configuration refuses such pairs before they come
 * here.
 */
export function indexOrigins(origins: readonly string[]): OriginIndex {
  const index = { exact: new Map<string, NamedOrigin>(), wildcard: new Map<string, NamedOrigin>() };
  for (const origin of origins) {
    const { hostname, port, protocol } = new URL(origin);
    const isWildcard = isWildcardOrigin(origin);
    const [names, host] = isWildcard ? [index.wildcard, hostname.slice(1)] : [index.exact, hostname];
    const named = { origin, configured: origin };
    const defaultPort = defaultPorts.get(protocol);
    if (port !== '') names.set(`${host}:${port}`, named);
    else if (defaultPort !== undefined) {
      names.set(`${host}:${defaultPort}`, named);
      if (defaultPort === 443 || !names.has(host)) names.set(host, named);
    }
  }
  return index;
}

/** Whether an origin stands for one host in each of many: its leftmost name is `*`. */
export function isWildcardOrigin(origin: string): boolean {
  return origin.includes('://*.');
}

/**
 * The origin that a request's authority names, or undefined: there is no fallback. Scheme and port come from
 * the configuration, never from the request's `X-Forwarded-*` headers.
 */
export function originOf(authority: string, origins: OriginIndex): string | undefined {
  return originNamed(authority, origins)?.origin;
}

/** As {@link originOf}, with its name in the configuration. An origin that names the host itself wins. */
export function originNamed(authority: string, origins: OriginIndex): NamedOrigin | undefined {
  // As nearly every request writes it.
  const asWritten = origins.exact.get(authority);
  if (asWritten !== undefined) return asWritten;
  const parsed = parseAuthority(authority);
  if (parsed === undefined) return undefined;
  const port = parsed.port === undefined ? '' : `:${parsed.port}`;
  return origins.exact.get(`${parsed.host}${port}`) ?? originUnderWildcard(parsed.host, port, origins);
}

/** `*` is one whole name, as in certificates (RFC 6125 §6.4.3); Envoy's own wildcards take several. */
function originUnderWildcard(host: string, port: string, { wildcard }: OriginIndex): NamedOrigin | undefined {
  const [, name, parent] = /^([a-z0-9_-]{1,63})(\..+)$/.exec(host) ?? [];
  const found = name === undefined ? undefined : wildcard.get(`${parent}${port}`);
  if (name === undefined || found === undefined) return undefined;
  return { origin: found.configured.replace('*', name), configured: found.configured };
}
