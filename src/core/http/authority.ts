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

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** An origin that a request's host names. */
export interface NamedOrigin {
  /** Scheme, host and port, without a wildcard: `https://a.example.com`. */
  readonly origin: string;
  /** As the configuration writes it, which is how rules know it: `https://*.example.com`. */
  readonly configured: string;
}

/** The configured origins by the authorities that name them, `*.example.com:443` among them. */
export type OriginIndex = ReadonlyMap<string, NamedOrigin>;

/**
 * Indexes origins (`https://app.example.com`, `http://localhost:8080`, `https://*.example.com`) by `host:port`. Of two
 * origins with one `host:port` the later wins; the configuration refuses such a pair before it comes here.
 */
export function indexOrigins(origins: readonly string[]): OriginIndex {
  return new Map(
    origins.map((origin) => {
      const url = new URL(origin);
      const port = url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port);
      return [`${url.hostname}:${port}`, { origin, configured: origin }];
    }),
  );
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
  const parsed = parseAuthority(authority);
  return parsed === undefined ? undefined : originNamed(parsed, origins)?.origin;
}

/** As {@link originOf}, for an authority that has been read already. An origin that names the host itself wins. */
export function originNamed({ host, port }: Authority, origins: OriginIndex): NamedOrigin | undefined {
  return originAt(host, port, origins) ?? originUnderWildcard(host, port, origins);
}

function originAt(host: string, port: number | undefined, origins: OriginIndex): NamedOrigin | undefined {
  if (port !== undefined) return origins.get(`${host}:${port}`);
  return origins.get(`${host}:443`) ?? origins.get(`${host}:80`);
}

/** `*` is one whole name, as in certificates (RFC 6125 §6.4.3); Envoy's own wildcards take several. */
function originUnderWildcard(host: string, port: number | undefined, origins: OriginIndex): NamedOrigin | undefined {
  const [, name, parent] = /^([a-z0-9_-]{1,63})(\..+)$/.exec(host) ?? [];
  const found = name === undefined ? undefined : originAt(`*${parent}`, port, origins);
  if (name === undefined || found === undefined) return undefined;
  return { origin: found.configured.replace('*', name), configured: found.configured };
}
