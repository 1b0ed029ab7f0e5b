import { isTrusted } from './browser-rules.ts';
import type { OauthAgentSettings } from './settings.ts';

/** What the URL of a page says about a login. */
export type PageUrl =
  | { readonly kind: 'foreign' }
  /** Any page of the application. */
  | { readonly kind: 'page' }
  /** An authorization response, good or not. `query`: without the `?`. */
  | { readonly kind: 'response'; readonly query: string };

/**
 * An authorization response counts only on the redirect URI's origin and path: other pages may have a `code` and a
 * `state` of their own. `pageUrl` is an absolute URL.
 */
export function readPageUrl(
  pageUrl: string,
  ownOrigin: string,
  settings: Pick<OauthAgentSettings, 'redirectUri' | 'trustedOrigins'>,
): PageUrl {
  const page = new URL(pageUrl);
  if (!isTrusted(page.origin, ownOrigin, settings)) return { kind: 'foreign' };
  const { origin, pathname } = new URL(settings.redirectUri);
  if (page.origin !== origin || page.pathname !== pathname) return { kind: 'page' };
  const { searchParams } = page;
  const isResponse = searchParams.has('state') && (searchParams.has('code') || searchParams.has('error'));
  return isResponse ? { kind: 'response', query: page.search.slice(1) } : { kind: 'page' };
}
