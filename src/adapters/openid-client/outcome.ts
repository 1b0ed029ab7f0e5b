import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { errorCodeOf } from '../../core/oauth/authorization-response.ts';
import type { Redemption } from '../../ports/authorization-server.ts';
import { detailOf } from './error-detail.ts';

/** An answer that failed validation. `detail` is for our log. */
export function refused(detail: string): Extract<Failure, { kind: 'refused' }> {
  return { kind: 'refused', code: 'invalid_response', detail };
}

/** A redemption that did not come about. */
export type Failure = Exclude<Redemption, { kind: 'authenticated' }>;

/** What went wrong, as a value: the provider's own word, an invalid answer, or no answer at all. */
export async function outcomeOf(error: unknown): Promise<Failure> {
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    const code = errorCodeOf(error.error);
    return error instanceof ResponseBodyError && isTransient(error.status)
      ? { kind: 'unavailable', detail: code }
      : { kind: 'refused', code, detail: `the provider answered ${code}` };
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const code = await codeBesideChallenge(error.response);
    if (code === undefined) return refused(`the provider answered ${error.status} with a challenge`);
    return { kind: 'refused', code, detail: `the provider answered ${code}` };
  }
  if (error instanceof ClientError && !isUnreachable(error)) return refused(clockDetailOf(error) ?? detailOf(error));
  // Whatever fetch throws (refused, reset, too large, timed out): the request may or may not have arrived.
  return { kind: 'unavailable', detail: detailOf(error) };
}

/** RFC 6749 §5.2: a client that is not believed gets a challenge, and beside it the reason, which says `invalid_client`. */
async function codeBesideChallenge(response: Response): Promise<string | undefined> {
  try {
    const body = (await response.json()) as { readonly error?: unknown } | null; // its one member is checked
    return typeof body?.error === 'string' ? errorCodeOf(body.error) : undefined;
  } catch {
    return undefined;
  }
}

/** 5xx, 408, 425 and 429: statuses that say nothing about the request. */
export function isTransient(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

/** No answer, or a status that says nothing about the request, whatever else is wrong with the answer. */
function isUnreachable({ code, cause }: ClientError): boolean {
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || code === undefined) return true;
  return cause instanceof Response && isTransient(cause.status);
}

/** What the library knows of a token whose time is not now. */
interface TimeCheck {
  readonly claim?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly now?: unknown;
  readonly tolerance?: unknown;
}

/** For an ID token that is over or not valid yet: by how much, and what can be done about it. */
function clockDetailOf({ code, cause }: ClientError): string | undefined {
  if (code !== 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED' || !(cause instanceof Error)) return undefined;
  const { claim, claims, now, tolerance } = (cause.cause ?? {}) as TimeCheck; // every member is checked below
  if (claim === 'auth_time') return undefined; // no clock is wrong: the login is older than was asked for
  const time = typeof claim === 'string' ? claims?.[claim] : undefined;
  if (typeof time !== 'number' || typeof now !== 'number' || typeof tolerance !== 'number') return undefined;
  const distance = `${Math.abs(Math.round(now - time))} s ${time > now ? 'ahead of' : 'behind'} our clock`;
  return `${String(claim)} of the ID token is ${distance}: set the clocks right, or raise clockTolerance (${tolerance} s)`;
}
