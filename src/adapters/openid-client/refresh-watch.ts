import { type Configuration, type CustomFetch, customFetch } from 'openid-client';
import { Secret } from '../../core/secret.ts';
import { type EpochMilliseconds, secondsOf } from '../../core/time.ts';
import type { Refresh, RefreshSteps } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import { ConnectionLostError, type HttpClient } from '../../ports/http-client.ts';
import { detailOf } from './error-detail.ts';
import { jsonObjectOf } from './json-object.ts';
import { endOf, unavailable, withoutEmptyMembers } from './refresh-answer.ts';

/**
 * What was sent may have been carried out, and then the old refresh token is of no use any more: we hang up late. Nobody
 * waits so long, but the answer is written down when it comes.
 */
const answerTimeout = secondsOf(25);

export interface RefreshWatch {
  readonly clock: Clock;
  readonly steps: RefreshSteps;
  /** Asks the token endpoint. */
  readonly ask: HttpClient['fetch'];
}

/** What was seen of a refresh while the library had it. */
export interface SeenRefresh {
  /** When the token endpoint was asked. */
  readonly askedAt: EpochMilliseconds;
  /** When its answer was there. */
  readonly receivedAt: EpochMilliseconds;
  /** How it ended, where the answer is not for the library to judge, or the keys that it needs cannot be had. */
  readonly ended: Refresh | undefined;
  /** What a step threw. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Looks at what goes over the wire during one refresh. The library gets to see the token endpoint's answer when it is a
 * JSON object with status 200, and when a new refresh token in it has been taken care of: it may throw the answer away.
 */
export function watchRefresh(
  configuration: Configuration,
  sent: Secret<string>,
  { clock, steps, ask }: RefreshWatch,
): SeenRefresh {
  // Until the request is sent nothing is known of the grant, whatever the library finds fault with.
  const seen: { -readonly [Name in keyof SeenRefresh]: SeenRefresh[Name] } = {
    askedAt: clock.milliseconds(),
    receivedAt: clock.milliseconds(),
    ended: unavailable('the request could not be made'),
    failure: undefined,
  };
  const askOthers = configuration[customFetch] as CustomFetch; // every configuration of discovery.ts has one

  async function take<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      seen.failure = { error };
      throw error;
    }
  }

  const exchange: CustomFetch = async (url, request) => {
    if (!(await take(() => steps.maySend()))) {
      seen.ended = unavailable('not sent: somebody else refreshes');
      throw new Error('the request may not be sent');
    }
    seen.askedAt = clock.milliseconds();
    const response = await ask(url, { ...request, answerTimeout }).catch((error: unknown) => {
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
      await take(() => steps.rotated(new Secret(refreshToken)));
    }
    return new Response(withoutEmptyMembers(text, body), response);
  };

  /** Without keys nothing can be said of an ID token, for it or against it. */
  const askForKeys: CustomFetch = async (url, request) => {
    const response = await askOthers(url, request).catch((error: unknown) => {
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
