import { comment, decide, type Findings } from '../findings.ts';
import { fail } from './fail.ts';
import { isOn, secondsIn, textOf } from './given.ts';
import { durationText } from './go-duration.ts';
import type { Original } from './original.ts';

/** Cookie and lifetimes of the session instance. */
export function sessionSettingsOf(
  { given }: Original,
  origins: readonly string[],
  found: Findings,
): Readonly<Record<string, unknown>> {
  if (textOf(given, 'cookie-samesite')?.toLowerCase() === 'strict') {
    const problem = 'strict keeps the cookie from links of other sites, and Sallyport’s is Lax: that is less';
    fail(found, 'cookie-samesite', problem, 'to accept it add -- --cookie-samesite=lax');
  }
  const insecureHttp = !isOn(given, 'cookie-secure') && origins.every((origin) => origin.startsWith('http:'));
  if (insecureHttp) {
    const text = 'For development: as cookie-secure=false. Remove it with the first https origin.';
    comment(found, ['modes', 'web', 'cookie'], text);
  }
  const cookie = {
    ...cookieNameOf(textOf(given, 'cookie-name'), insecureHttp),
    ...(insecureHttp ? { insecureHttp } : {}),
  };
  return {
    ...(textOf(given, 'session-store-type') === 'cookie' ? { state: 'sealed' } : {}),
    ...(Object.keys(cookie).length === 0 ? {} : { cookie }),
    ...lifetimesOf(given, found),
  };
}

/** A name that the cookies of oauth2-proxy do not have, so that both can run on one host. */
function cookieNameOf(given: string | undefined, insecureHttp: boolean): { readonly name?: string } {
  if (given === undefined || given === '_oauth2_proxy') return {};
  const plain = given.replace(/^__(?:Host|Secure)-/, '').toLowerCase();
  const name = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 22);
  if (name === '') return {};
  const ours = insecureHttp ? name : `__Host-${name}`;
  return { name: ours === given ? `${name}-sallyport` : name };
}

function lifetimesOf(given: Original['given'], found: Findings): Readonly<Record<string, string>> {
  const seconds = secondsIn(given, 'cookie-expire');
  const attempt = secondsIn(given, 'cookie-csrf-expire');
  const attemptLifetime =
    given.has('cookie-csrf-expire') && attempt > 0 ? { attemptLifetime: durationText(attempt) } : {};
  if (seconds <= 0) {
    const text = 'no session outlives the browser window there; here it ends after 12 h, or 1 h without a request';
    decide(found, ['cookie-expire'], text);
    return attemptLifetime;
  }
  const length = durationText(seconds);
  const text = 'As cookie-expire. oauth2-proxy ends no idle session; an idleLifetime of 1h or so is safer.';
  comment(found, ['modes', 'web', 'idleLifetime'], text);
  if (secondsIn(given, 'cookie-refresh') > 0) {
    decide(found, ['cookie-refresh'], `a session ends ${length} after its login, also while it is used`);
  }
  return { idleLifetime: length, absoluteLifetime: length, ...attemptLifetime };
}
