import { type EpochMilliseconds, epochMillisecondsOf } from '../time.ts';
import { type HttpRequest, soleHeader } from './request.ts';

/** What the routes of Envoy's heal chain say in `context_extensions`; no other route does, and no client can. */
export const healContext = { name: 'sallyport.heal', value: 'on' } as const;

/** Envoy's own: which attempt this is, from 1. */
export const attemptHeader = 'x-envoy-attempt-count';

/** When the request began, by Envoy's clock: the same on both attempts. */
export const startHeader = 'x-sallyport-start';

/** How far ahead Envoy's clock may be; a start later than that is none. */
const toleranceMs = 300_000;

/**
 * When the request began whose first attempt the workload has refused; undefined for every other request. Believed only
 * where the route's context says that Envoy wrote the two headers: elsewhere a client could have, and would have tokens
 * refreshed as he likes.
 */
export function rejectedAttemptOf(
  request: HttpRequest,
  now: EpochMilliseconds,
): { readonly requestedAt: EpochMilliseconds } | undefined {
  if (request.context.get(healContext.name) !== healContext.value) return undefined;
  if (soleHeader(request, attemptHeader) !== '2') return undefined;
  const [, seconds, millis] = /^(\d{1,11})\.(\d{3})$/.exec(soleHeader(request, startHeader) ?? '') ?? [];
  if (seconds === undefined || millis === undefined) return undefined;
  const requestedAt = epochMillisecondsOf(Number(seconds) * 1000 + Number(millis));
  return requestedAt - now > toleranceMs ? undefined : { requestedAt };
}
