import { failureOf } from './failure.ts';

/**
 * Whether a reply means that another connection may lead to a better Redis: after a failover the old master answers
 * READONLY, or NOREPLICAS when nobody follows it any more; a restarted or resynchronising one LOADING or MASTERDOWN.
 * At most once a second, so that a replica that stays one goes on to serve reads.
 */
export function createReconnectRule(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (!['READONLY', 'NOREPLICAS', 'LOADING', 'MASTERDOWN'].includes(failureOf(error).code)) return false;
    const now = performance.now();
    if (now - last < 1000) return false;
    last = now;
    return true;
  };
}
