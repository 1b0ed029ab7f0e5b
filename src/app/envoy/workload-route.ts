import type { EnvoyObject } from './envoy-value.ts';
import { retryUnsent } from './retry.ts';

export const workloadCluster = 'workload';

/** To the workload, however long its answer takes. */
export const toWorkload: EnvoyObject = { cluster: workloadCluster, timeout: '0s', retry_policy: retryUnsent };
