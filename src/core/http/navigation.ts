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

/** Whether a WebSocket handshake (RFC 6455 §4.1) comes from a page of another origin than ours. */
export function isForeignWebSocket(request: HttpRequest, origin: string): boolean {
  const upgrades = headerValues(request, 'upgrade').some((value) => value.toLowerCase().includes('websocket'));
  // Browsers apply no same-origin policy to WebSockets and send SameSite cookies from sibling sites.
  return upgrades && headerValues(request, 'origin').some((value) => value !== origin);
}
