import { type EnvoyObject, typed } from './envoy-value.ts';

/** Again only what the other side has not begun to read. */
export const retryUnsent: EnvoyObject = { retry_on: 'connect-failure,refused-stream', num_retries: 1 };

/** The same, at another replica where there is one: a dead one is known to be dead after its next health check only. */
export const retryElsewhere: EnvoyObject = {
  ...retryUnsent,
  retry_host_predicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      typed_config: typed('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
    },
  ],
  // Draws of a host before it takes one that was tried already.
  host_selection_retry_max_attempts: 5,
};
