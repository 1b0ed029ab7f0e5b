// The way back: from the provider's answer in the URL to the page on which somebody wanted to log in.

/** Parameters that a provider adds to a redirect URI (RFC 6749 §4.1.2, RFC 9207 §2, OpenID Connect Session Management). */
const answerParameters = ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri'];

/** Remembers the page that is left for a login, for this tab alone. */
export function rememberPage(agent: string): void {
  // An answer that could not be used yet: whoever gives up on it is still on the way to the page from before.
  if (holdsAnswer(new URL(location.href)) && sessionStorage.getItem(keyOf(agent)) !== null) return;
  sessionStorage.setItem(keyOf(agent), withoutAnswer(location.href));
}

/**
 * Takes the provider's answer out of the address bar and the history. With `isLoggedIn` the page on which the login
 * began takes its place; an application that has a router asks `location` where it is.
 */
export function showPageBehind(agent: string, isLoggedIn: boolean): void {
  if (!holdsAnswer(new URL(location.href))) return;
  const remembered = sessionStorage.getItem(keyOf(agent));
  sessionStorage.removeItem(keyOf(agent));
  history.replaceState(
    history.state,
    '',
    isLoggedIn && remembered !== null ? remembered : withoutAnswer(location.href),
  );
}

function holdsAnswer({ searchParams }: URL): boolean {
  return searchParams.has('state');
}

function withoutAnswer(href: string): string {
  const url = new URL(href);
  if (holdsAnswer(url)) for (const name of answerParameters) url.searchParams.delete(name);
  return url.href;
}

function keyOf(agent: string): string {
  return `${agent} page`;
}
