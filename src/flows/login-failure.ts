import type { Telemetry } from '../ports/telemetry.ts';
import type { LoginOutcome } from './complete-login.ts';

/** Tells operators of a login that did not succeed, and why as far as that is known. */
export function reportLoginFailure(
  outcome: Exclude<LoginOutcome, { kind: 'authenticated' }>,
  { instance, telemetry }: { readonly instance: string; readonly telemetry: Telemetry },
): void {
  const fields = { instance, outcome: outcome.kind };
  switch (outcome.kind) {
    case 'foreign':
      telemetry.event('login_failed', { ...fields, reason: outcome.reason });
      return;
    case 'refused':
      telemetry.event('login_failed', { ...fields, code: outcome.error, reason: outcome.detail });
      return;
    default:
      telemetry.event('login_failed', fields);
  }
}
