import { type Configuration, type CustomFetch, customFetch } from 'openid-client';
import { retryAfterOf } from '../../core/http/retry-after.ts';
import { errorCodeOf } from '../../core/oauth/authorization-response.ts';
import { Secret } from '../../core/secret.ts';
import type { EpochMilliseconds, Seconds } from '../../core/time.ts';
import type { Refresh } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import { ConnectionLostError } from '../../ports/http-client.ts';
import { detailOf } from './error-detail.ts';
import { jsonObjectOf } from './json-object.ts';
import { isTransient } from './outcome.ts';

export interface RefreshWatch {
  readonly clock: Clock;
  /** Called and waited for when the answer holds another refresh token than the one that was sent. */
  readonly rotated: (refreshToken: Secret<string>) => Promise<void>;
}

/** What was seen of a refresh while the library had it. */
export interface SeenRefresh {
  /** When the token endpoint was asked. */
  readonly askedAt: EpochMilliseconds;
  /** When its answer was there. */
  readonly receivedAt: EpochMilliseconds;
  /** How it ended, where the answer is not for the library to judge, or the keys that it needs cannot be had. */
  readonly ended: Refresh | undefined;
  /** What `rotated` threw. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Looks at what goes over the wire during one refresh. The library gets to see the token endpoint's answer when it is a
 * JSON object with status 200, and when a new refresh token in it has been taken care of: it may throw the answer away.
 */
export function watchRefresh(
  configuration: Configuration,
  sent: Secret<string>,
  { clock, rotated }: RefreshWatch,
): SeenRefresh {
  // Until the request is sent nothing is known of the grant, whatever the library finds fault with.
  const seen: { -readonly [Name in keyof SeenRefresh]: SeenRefresh[Name] } = {
    askedAt: clock.milliseconds(),
    receivedAt: clock.milliseconds(),
    ended: unavailable('the request could not be made'),
    failure: undefined,
  };
  const ask = configuration[customFetch] as CustomFetch; // every configuration of discovery.ts has one

  const exchange: CustomFetch = async (url, request) => {
    seen.askedAt = clock.milliseconds();
    const response = await ask(url, request).catch((error: unknown) => {
      seen.ended = unavailable(detailOf(error), undefined, error instanceof ConnectionLostError);
      throw error;
    });
    const text = await response.text();
    seen.receivedAt = clock.milliseconds();
    const body = jsonObjectOf(text);
    seen.ended = endOf(response, body, clock);
    if (seen.ended !== undefined) throw new Error('the answer is no token response');
    const refreshToken = body?.['refresh_token'];
    if (typeof refreshToken === 'string' && refreshToken !== '' && refreshToken !== sent.reveal()) {
      await rotated(new Secret(refreshToken)).catch((error: unknown) => {
        seen.failure = { error };
        throw error;
      });
    }
    return new Response(text, response);
  };

  /** Without keys nothing can be said of an ID token, for it or against it. */
  const askForKeys: CustomFetch = async (url, request) => {
    const response = await ask(url, request).catch((error: unknown) => {
      seen.ended = unavailable(`the keys could not be had: ${detailOf(error)}`);
      throw error;
    });
    const text = await response.text();
    if (response.status !== 200 || !Array.isArray(jsonObjectOf(text)?.['keys']))
      seen.ended = unavailable(`the keys could not be had: ${response.status}`);
    return new Response(text, response);
  };

  configuration[customFetch] = (url, request) => (request.method === 'POST' ? exchange : askForKeys)(url, request);
  return seen;
}

/** Nothing is known of the grant. `detail` is for our log. */
export function unavailable(detail: string, retryAfter?: Seconds, isLost = false): Refresh {
  return { kind: 'unavailable', detail, retryAfter, isLost };
}

/** How an answer ends the refresh that is not for the library to judge: by its status, or as a page of a proxy. */
function endOf(
  { status, headers }: Response,
  body: Readonly<Record<string, unknown>> | undefined,
  clock: Clock,
): Refresh | undefined {
  if (isTransient(status)) {
    const retryAfter = retryAfterOf(headers.get('retry-after') ?? undefined, clock.now());
    return unavailable(`the token endpoint answered with ${status}`, retryAfter);
  }
  const error = body?.['error'];
  if (status >= 400 && typeof error === 'string' && error !== '') {
    const code = errorCodeOf(error);
    return { kind: 'refused', code, detail: `the provider answered ${code} with ${status}` };
  }
  if (status !== 200) return unavailable(`the token endpoint answered with ${status}, and no OAuth error`);
  return body === undefined ? unavailable('the token endpoint answered no JSON object') : undefined;
}
