import { type CorsHeaders, type CorsPolicy, corsHeaders } from '../../core/http/cors.ts';
import { isWebSocketHandshake } from '../../core/http/navigation.ts';
import { type HttpRequest, headerValues, soleHeader } from '../../core/http/request.ts';
import type { AgentCookies } from './cookies.ts';
import type { OauthAgentSettings } from './settings.ts';

/** Why a browser's request is refused before anything is opened. For logs. */
export type BrowserRefusal = 'cross_site' | 'origin_missing' | 'origin_not_trusted' | 'origin_repeated';

/** The trusted origin whose page sends the request; undefined where there is none. */
export function trustedOriginOf(
  request: HttpRequest,
  ownOrigin: string,
  settings: Pick<OauthAgentSettings, 'trustedOrigins'>,
): string | undefined {
  const origin = soleHeader(request, 'origin');
  return origin !== undefined && isTrusted(origin, ownOrigin, settings) ? origin : undefined;
}

/** What every answer but that to a preflight says about its origin, refusals too: without it the page cannot read them. */
export function corsHeadersOf(
  request: HttpRequest,
  ownOrigin: string,
  settings: Pick<OauthAgentSettings, 'trustedOrigins' | 'cors'>,
): CorsHeaders {
  if (!settings.cors.enabled) return { set: [], add: [] };
  return corsHeaders(trustedOriginOf(request, ownOrigin, settings), settings.cors);
}

/**
 * What preflights are told. Whatever headers the operator lists: without that of the CSRF token no request could change
 * anything, and the agent's own endpoints take JSON, whose Content-Type needs leave as well (Fetch §2.2.2).
 */
export function corsPolicyOf({
  settings: { cors },
  cookies: { csrfHeader },
}: {
  readonly settings: Pick<OauthAgentSettings, 'cors'>;
  readonly cookies: Pick<AgentCookies, 'csrfHeader'>;
}): CorsPolicy {
  if (cors.allowHeaders.length === 0) return cors;
  const listed = new Set(cors.allowHeaders.map((name) => name.toLowerCase()));
  const missing = [csrfHeader, 'content-type'].filter((name) => !listed.has(name));
  return { ...cors, allowHeaders: [...cors.allowHeaders, ...missing] };
}

/** Origin and Fetch Metadata of a request; undefined when it may go on. */
export function browserRefusal(
  request: HttpRequest,
  ownOrigin: string,
  settings: Pick<OauthAgentSettings, 'trustedOrigins' | 'cors'>,
): BrowserRefusal | undefined {
  if (isCrossSite(request)) return 'cross_site';
  const [origin, ...others] = headerValues(request, 'origin');
  if (origin === undefined) return mustNameOrigin(request, settings) ? 'origin_missing' : undefined;
  // Whoever reads the request behind us may go by the other one.
  if (others.length > 0) return 'origin_repeated';
  return isTrusted(origin, ownOrigin, settings) ? undefined : 'origin_not_trusted';
}

/** Whether a method may change something, so that the CSRF token is asked for: every one but GET, HEAD and OPTIONS. */
export function isDataChanging(method: string): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/** Compared as text: look-alikes, other ports and schemes, and `null` (which a sandboxed frame sends) are in no list. */
export function isTrusted(
  origin: string,
  ownOrigin: string,
  { trustedOrigins }: Pick<OauthAgentSettings, 'trustedOrigins'>,
): boolean {
  return trustedOrigins === undefined ? origin === ownOrigin : trustedOrigins.includes(origin);
}

/** Repeated values come as several or joined by commas: one `cross-site` among them is enough. */
function isCrossSite(request: HttpRequest): boolean {
  return headerValues(request, 'sec-fetch-site').some((value) => value.toLowerCase().includes('cross-site'));
}

/**
 * Browsers name the origin in every request that is no GET or HEAD, in WebSocket handshakes, and in every one to
 * another origin in `cors` mode (Fetch §3.1). Without CORS a same-origin GET names none.
 */
function mustNameOrigin(request: HttpRequest, { cors }: Pick<OauthAgentSettings, 'cors'>): boolean {
  if (isDataChanging(request.method) || isWebSocketHandshake(request)) return true;
  return cors.enabled && request.method !== 'OPTIONS';
}
