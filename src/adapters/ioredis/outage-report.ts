import type { Clock } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { RedisFailure } from './failure.ts';

/** Tells the operator about an outage without a line for every request that it fails. */
export interface OutageReport {
  failed(failure: RedisFailure): void;
  recovered(): void;
}

const secondsBetweenReports = 10;

/** Reports an outage when it begins, every ten seconds while it lasts, when its reason changes, and when it ends. */
export function createOutageReport(ports: {
  readonly clock: Clock;
  readonly telemetry?: Telemetry | undefined;
}): OutageReport {
  let last: { readonly at: number; readonly code: string } | undefined;
  return {
    failed(failure) {
      const at = ports.clock.now();
      // While there is no connection, every command fails for that reason; the reason of the outage is the better one.
      const isSame = last !== undefined && (failure.code === last.code || failure.code === 'DISCONNECTED');
      if (last !== undefined && isSame && at - last.at < secondsBetweenReports) return;
      last = { at, code: failure.code };
      ports.telemetry?.problem('store_unavailable', { store: 'redis', reason: failure.code }, failure);
    },
    recovered() {
      if (last === undefined) return;
      last = undefined;
      ports.telemetry?.event('store_recovered', { store: 'redis' });
    },
  };
}
