import type { EnvoyObject } from './envoy-value.ts';

export const workloadCluster = 'workload';

/** Again only what the other side has not begun to read. */
export const retryUnsent: EnvoyObject = { retry_on: 'connect-failure,refused-stream', num_retries: 1 };

/** To the workload, however long its answer takes. */
export const toWorkload: EnvoyObject = { cluster: workloadCluster, timeout: '0s', retry_policy: retryUnsent };
