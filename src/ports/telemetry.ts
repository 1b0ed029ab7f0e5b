/** Fields of an event. Never tokens, codes, verifiers, cookies or full URLs. */
export type EventFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Past-tense events of the running system. Each is one JSON line and one increment of
 * `sallyport_events_total{event,outcome}`; `outcome` is the field of that name where there is one.
 */
export type EventName =
  | 'started'
  | 'stopped'
  | 'draining_started'
  | 'config_reloaded'
  | 'config_reload_refused'
  | 'config_finding'
  | 'admin_request_answered'
  | 'admin_request_failed'
  | 'request_refused'
  | 'login_started'
  | 'login_completed'
  | 'login_failed'
  | 'tokens_refreshed'
  | 'refresh_failed'
  | 'session_ended'
  | 'provider_logout_refused'
  | 'provider_unavailable'
  | 'provider_discovered'
  | 'store_unavailable'
  | 'store_recovered'
  | 'store_channel_refused'
  | 'check_failed'
  | 'side_service_failed'
  | 'issuer_login_succeeded'
  | 'issuer_login_failed'
  | 'issuer_consent_given'
  | 'issuer_consent_denied'
  | 'issuer_error';

/** Never blocks, never throws, never waits for its output. */
export interface Telemetry {
  /** Something an operator reads about; expected in normal operation. */
  event(name: EventName, fields?: EventFields): void;
  /** Something that needs an operator; `cause` is logged with its stack, scrubbed. */
  problem(name: EventName, fields: EventFields, cause?: unknown): void;
  /** One check was answered: `sallyport_checks_total{decision}` and `sallyport_check_duration_seconds`. */
  check(decision: string, seconds: number): void;
}
