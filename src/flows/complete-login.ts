import { timingSafeEqual } from 'node:crypto';
import { namesIssuer, parseAuthorizationResponse } from '../core/oauth/authorization-response.ts';
import { decodeLoginAttempt, type LoginAttempt } from '../core/session/login-attempt.ts';
import { after, secondsOf } from '../core/time.ts';
import type { Authentication, AuthorizationServer } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Sealer } from '../ports/sealer.ts';
import type { OnceMarkers } from '../ports/store.ts';
import { bindingHashOf } from './begin-login.ts';

/** How much longer than its attempt a marker lives, so that clocks of replicas may differ. */
const markerMargin = secondsOf(600);

export interface CompleteLoginPorts {
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly sealer: Sealer;
  readonly once: OnceMarkers;
  readonly clock: Clock;
}

/** A callback as it arrived. */
export interface LoginCallback {
  readonly instance: string;
  readonly origin: string;
  readonly redirectUri: string;
  /** Without the `?`. */
  readonly query: string;
  readonly bindingSecret: string | undefined;
}

export type LoginOutcome =
  | {
      readonly kind: 'authenticated';
      readonly authentication: Authentication;
      readonly attempt: LoginAttempt;
      readonly provider: AuthorizationServer;
    }
  /** The response is not an answer to an attempt of this browser. `reason` is for our log. */
  | { readonly kind: 'foreign'; readonly reason: string }
  /** A genuine attempt, and no binding cookie: the browser does not keep ours. */
  | { readonly kind: 'no_binding'; readonly attempt: LoginAttempt }
  /** A genuine attempt, begun in another browser, or before this one got its binding cookie from another tab. */
  | { readonly kind: 'other_browser'; readonly attempt: LoginAttempt }
  /** A genuine attempt of this browser that cannot be used any more. */
  | { readonly kind: 'expired' | 'already_used'; readonly attempt: LoginAttempt }
  /** The provider said no, or its answer failed validation. `error` is public, `detail` is not. */
  | { readonly kind: 'refused'; readonly error: string; readonly detail: string; readonly attempt: LoginAttempt }
  | { readonly kind: 'unavailable'; readonly detail: string; readonly attempt: LoginAttempt };

/**
 * Finishes a login: state, browser, issuer, then the once-marker, then the code (in this order: nothing is spent
 * for a response that is not ours). Throws StoreUnavailableError before the code was spent.
 */
export async function completeLogin(callback: LoginCallback, ports: CompleteLoginPorts): Promise<LoginOutcome> {
  const response = parseAuthorizationResponse(callback.query);
  if (response.kind === 'invalid') return foreign(response.reason);
  const attempt = attemptOf(response.state, callback, ports.sealer);
  if (attempt === undefined) return foreign('state is not ours');
  if (callback.bindingSecret === undefined) return { kind: 'no_binding', attempt };
  if (!isSameBrowser(attempt, callback.bindingSecret)) return { kind: 'other_browser', attempt };
  const provider = ports.providers.get(attempt.provider);
  if (provider === undefined) return foreign('the provider is not configured any more');
  const expected = await provider.issuer();
  if ('kind' in expected) return { kind: 'unavailable', detail: expected.detail, attempt };
  // RFC 9207 §2.4: before redeeming, or mix-up is possible
  if (!namesIssuer(response.iss, expected)) return foreign('iss is not the issuer that was asked');
  if (ports.clock.now() >= attempt.expiresAt) return { kind: 'expired', attempt };
  if (response.kind === 'error') {
    // Nothing is redeemed, so nothing is marked: errors are free to make up, and would fill the store.
    return { kind: 'refused', error: response.error, detail: 'the provider answered with an error', attempt };
  }
  if (!(await ports.once.take(attempt.id, after(attempt.expiresAt, markerMargin))))
    return { kind: 'already_used', attempt };
  return await redeem(callback, response.state, attempt, provider);
}

async function redeem(
  callback: LoginCallback,
  state: string,
  attempt: LoginAttempt,
  provider: AuthorizationServer,
): Promise<LoginOutcome> {
  const redemption = await provider.redeem(new URL(`${callback.redirectUri}?${callback.query}`), {
    state,
    nonce: attempt.nonce,
    codeVerifier: attempt.codeVerifier,
    maxAge: attempt.maxAge,
  });
  switch (redemption.kind) {
    case 'authenticated':
      return { kind: 'authenticated', authentication: redemption.authentication, attempt, provider };
    case 'refused':
      return { kind: 'refused', error: redemption.code, detail: redemption.detail, attempt };
    case 'unavailable':
      return { kind: 'unavailable', detail: redemption.detail, attempt };
  }
}

function foreign(reason: string): LoginOutcome {
  return { kind: 'foreign', reason };
}

/** The attempt that a state holds; undefined for a state that this instance did not make on this origin. */
export function attemptOf(
  state: string,
  { instance, origin }: Pick<LoginCallback, 'instance' | 'origin'>,
  sealer: Sealer,
): LoginAttempt | undefined {
  const opened = sealer.open('login-attempt', state, instance);
  const attempt = opened === undefined ? undefined : decodeLoginAttempt(opened);
  return attempt?.instance === instance && attempt.origin === origin ? attempt : undefined;
}

function isSameBrowser(attempt: LoginAttempt, bindingSecret: string): boolean {
  const expected = Buffer.from(attempt.bindingHash);
  const actual = Buffer.from(bindingHashOf(bindingSecret));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
