import { systemClock } from '../adapters/system/clock.ts';
import type { ProcessTelemetry } from '../adapters/telemetry/telemetry.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { ConfigError } from './config/config.ts';

/** Who asked: SIGHUP, a file that changed, or the admin API. */
export type ReloadTrigger = 'signal' | 'files' | 'admin';

/** How a reload ended. With every other outcome than `reloaded` the configuration before it goes on serving. */
export type ReloadOutcome =
  | { readonly kind: 'reloaded' }
  | { readonly kind: 'invalid' | 'needs_restart'; readonly findings: readonly ConfigError[] }
  /** The store that the new configuration names does not answer. Tried again by itself. */
  | { readonly kind: 'store_unreachable' }
  /** A defect, or the process is ending. The log has the cause. */
  | { readonly kind: 'failed' };

/** Tells how a reload ended, in log and metrics. */
export function reportReload(outcome: ReloadOutcome, trigger: ReloadTrigger, telemetry: ProcessTelemetry): void {
  telemetry.countReload(outcome.kind, systemClock.now());
  switch (outcome.kind) {
    case 'reloaded':
      telemetry.event('config_reloaded', { trigger });
      return;
    case 'invalid':
    case 'needs_restart':
      logFindings('error', outcome.findings, telemetry);
      telemetry.problem('config_reload_refused', { outcome: outcome.kind, trigger, errors: outcome.findings.length });
      return;
    case 'store_unreachable':
      telemetry.problem('config_reload_refused', { outcome: outcome.kind, trigger });
      return;
    case 'failed': // logged where its cause is known
  }
}

/** One line for each finding; they hold no value of the file. */
export function logFindings(
  severity: 'error' | 'warning',
  findings: readonly ConfigError[],
  telemetry: Telemetry,
): void {
  for (const { file, line, column, path, problem, suggestion } of findings) {
    const fields = { outcome: severity, file, line, column, path, problem, suggestion };
    if (severity === 'error') telemetry.problem('config_finding', fields);
    else telemetry.event('config_finding', fields);
  }
}
