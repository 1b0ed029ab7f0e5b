import { retryAfterOf } from '../../core/http/retry-after.ts';
import { errorCodeOf } from '../../core/oauth/authorization-response.ts';
import type { Seconds } from '../../core/time.ts';
import type { Refresh } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import { isTransient } from './outcome.ts';

type Members = Readonly<Record<string, unknown>>;

/** Nothing is known of the grant. `detail` is for our log. */
export function unavailable(detail: string, retryAfter?: Seconds, isLost = false): Refresh {
  return { kind: 'unavailable', detail, retryAfter, isLost };
}

/** How an answer ends the refresh that is not for the library to judge: by its status, or as a page of a proxy. */
export function endOf({ status, headers }: Response, body: Members | undefined, clock: Clock): Refresh | undefined {
  const error = body?.['error'];
  if (isTransient(status) || (status >= 400 && temporary.has(error))) {
    const retryAfter = retryAfterOf(headers.get('retry-after') ?? undefined, clock.now());
    const said = temporary.has(error) ? `${String(error)} with ${status}` : `with ${status}`;
    return unavailable(`the token endpoint answered ${said}`, retryAfter);
  }
  if (typeof error === 'string' && isVerdict(status, error)) {
    const code = errorCodeOf(error);
    return { kind: 'refused', code, detail: `the provider answered ${code} with ${status}` };
  }
  if (status !== 200) return unavailable(`the token endpoint answered with ${status}, and no OAuth error`);
  return body === undefined ? unavailable('the token endpoint answered no JSON object') : undefined;
}

/** Codes that say nothing about the grant, with whatever status they come. */
const temporary: ReadonlySet<unknown> = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/** RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6: codes that say that the grant is of no use. */
const final: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/**
 * Whether an error is the provider's word on the grant (RFC 6749 §5.2). Gateways and frameworks write JSON with an
 * `error` too, mostly with other statuses: a path that is wrong for a minute must log nobody out. Auth0 says
 * invalid_grant with 403.
 */
function isVerdict(status: number, error: string): boolean {
  if (status === 400 || status === 401) return codeForm.test(error);
  return status === 403 && final.has(error);
}

/** Every registered code is words joined by underscores; frameworks write `Bad Request` and `Unauthorized`. */
const codeForm = /^[a-z0-9]+(?:_[a-z0-9]+)+$/;

const optional: ReadonlySet<string> = new Set(['refresh_token', 'id_token', 'scope', 'expires_in']);

/**
 * A token response without the members that are there and say nothing: `null` for what RFC 6749 §5.1 leaves out, and an
 * empty refresh token. The same text where there are none.
 */
export function withoutEmptyMembers(text: string, body: Members | undefined): string {
  const members = Object.entries(body ?? {});
  const present = members.filter(
    ([name, value]) => !((value === null && optional.has(name)) || (value === '' && name === 'refresh_token')),
  );
  return present.length === members.length ? text : JSON.stringify(Object.fromEntries(present));
}
