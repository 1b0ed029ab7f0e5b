import { type HttpRequest, headerValues, soleHeader } from './request.ts';

const fetchMetadata = ['sec-fetch-mode', 'sec-fetch-dest', 'sec-fetch-site'];

/**
 * Whether a person opened this as a page in a tab, so that a redirect to a login page is of use (Fetch Metadata
 * Request Headers §2). A prefetch, an iframe, a script's fetch or a WebSocket is not.
 */
export function isTopLevelNavigation(request: HttpRequest): boolean {
  if (request.method !== 'GET' || isSpeculative(request) || request.headers.has('upgrade')) return false;
  if (fetchMetadata.some((name) => request.headers.has(name))) {
    return soleHeader(request, 'sec-fetch-mode') === 'navigate' && soleHeader(request, 'sec-fetch-dest') === 'document';
  }
  return acceptsHtml(request);
}

// One look in place of a list: a header of 90 kB can hold as many commas.
const htmlRange = /(?:^|,)[ \t]*text\/html[ \t]*(?:[;,]|$)/i;

/** Whether the sender can show a page: it names `text/html`. */
export function acceptsHtml(request: HttpRequest): boolean {
  return headerValues(request, 'accept').some((value) => htmlRange.test(value));
}

/** Prefetch and prerender, in today's and older spellings. */
function isSpeculative(request: HttpRequest): boolean {
  return ['sec-purpose', 'purpose', 'x-moz', 'x-purpose'].some((name) => request.headers.has(name));
}

/** Whether a request asks for a WebSocket (RFC 6455 §4.1). */
export function isWebSocketHandshake(request: HttpRequest): boolean {
  return headerValues(request, 'upgrade').some((value) => value.toLowerCase().includes('websocket'));
}

/** Whether a WebSocket handshake comes from a page of another origin than ours. */
export function isForeignWebSocket(request: HttpRequest, origin: string): boolean {
  // Browsers apply no same-origin policy to WebSockets and send SameSite cookies from sibling sites.
  return isWebSocketHandshake(request) && headerValues(request, 'origin').some((value) => value !== origin);
}

// A serialised origin (RFC 6454 §6.2): one, without blanks and commas, which two joined ones would have.
const serializedOrigin = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s,/]+)$/;

/**
 * The method that a CORS preflight asks about (Fetch §3.2.2: OPTIONS with one Origin and one
 * Access-Control-Request-Method); undefined for every other request, and where the method is not in upper case.
 */
export function preflightMethodOf(request: HttpRequest): string | undefined {
  if (request.method !== 'OPTIONS' || request.headers.has('upgrade')) return undefined;
  const origin = soleHeader(request, 'origin');
  const method = soleHeader(request, 'access-control-request-method');
  if (origin === undefined || method === undefined || !serializedOrigin.test(origin)) return undefined;
  return isRuleMethod(method) ? method : undefined;
}

/** Whether a method is spelled as rules spell methods; a workload may take `post` for POST. */
export function isRuleMethod(method: string): boolean {
  return /^[A-Z][A-Z-]*$/.test(method);
}
