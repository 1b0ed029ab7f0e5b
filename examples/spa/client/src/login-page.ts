// The way back: from the provider's answer in the URL to the page on which somebody wanted to log in.

/** Parameters that a provider adds to a redirect URI (RFC 6749 §4.1.2, RFC 9207 §2, OpenID Connect Session Management). */
const answerParameters = ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri'];

/** Remembers the page that is left for a login, for this tab alone. */
export function rememberPage(agent: string): void {
  sessionStorage.setItem(keyOf(agent), location.href);
}

/**
 * Takes the provider's answer out of the address bar and the history. With `isLoggedIn` the page on which the login
 * began takes its place; an application that has a router asks `location` where it is.
 */
export function showPageBehind(agent: string, isLoggedIn: boolean): void {
  const url = new URL(location.href);
  if (!url.searchParams.has('state')) return;
  for (const name of answerParameters) url.searchParams.delete(name);
  const remembered = sessionStorage.getItem(keyOf(agent));
  sessionStorage.removeItem(keyOf(agent));
  history.replaceState(history.state, '', isLoggedIn && remembered !== null ? remembered : url.href);
}

function keyOf(agent: string): string {
  return `${agent} page`;
}
