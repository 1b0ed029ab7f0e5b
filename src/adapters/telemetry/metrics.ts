import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EpochSeconds } from '../../core/time.ts';

/** Seconds. A check is answered from memory in well under a millisecond; 2 s is where Envoy has given up. */
const checkBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const maxOutcomes = 200;

export interface Metrics {
  /** Cheap enough for every request: no label is resolved here. */
  readonly countCheck: (decision: string, seconds: number) => void;
  readonly countEvent: (event: string, outcome: string) => void;
  /** An attempt to take over a configuration, and whether it became the one that serves. */
  readonly countReload: (outcome: string, now: EpochSeconds) => void;
  readonly contentType: string;
  /** Prometheus text exposition format. */
  readonly text: () => Promise<string>;
}

/** The metrics of this process in a registry of its own. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'sallyport_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  const events = new Counter({
    name: 'sallyport_events_total',
    help: 'Events of the running system.',
    labelNames: ['event', 'outcome'],
    registers: [registry],
  });
  const outcomes = new Set<string>();
  return {
    countCheck: createCheckMetrics(registry),
    // Outcomes may come from a provider: an unbounded label would be an unbounded number of time series.
    countEvent: (event, outcome) => {
      const known = /^[a-z\d_]{0,40}$/.test(outcome) && (outcomes.has(outcome) || outcomes.size < maxOutcomes);
      if (known) outcomes.add(outcome);
      events.inc({ event, outcome: known ? outcome : 'other' });
    },
    countReload: createReloadMetrics(registry),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function createReloadMetrics(registry: Registry): Metrics['countReload'] {
  const reloads = new Counter({
    name: 'sallyport_config_reloads_total',
    help: 'Attempts to take over a changed configuration, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const successful = new Gauge({
    name: 'sallyport_config_last_reload_successful',
    help: '1 when the last attempt took over the configuration, or none was made; 0 while an older one serves.',
    registers: [registry],
  });
  const lastSuccess = new Gauge({
    name: 'sallyport_config_last_success_timestamp_seconds',
    help: 'When the configuration that serves was taken over, in seconds since 1970.',
    registers: [registry],
  });
  return (outcome, now) => {
    const isSuccess = outcome === 'reloaded' || outcome === 'started';
    if (outcome !== 'started') reloads.inc({ outcome });
    successful.set(isSuccess ? 1 : 0);
    if (isSuccess) lastSuccess.set(now);
  };
}

function createCheckMetrics(registry: Registry): Metrics['countCheck'] {
  const checks = new Counter({
    name: 'sallyport_checks_total',
    help: 'Checks answered, by decision.',
    labelNames: ['decision'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'sallyport_check_duration_seconds',
    help: 'Time from the arrival of a check to its answer.',
    buckets: checkBuckets,
    registers: [registry],
  });
  const byDecision = new Map<string, Counter.Internal>();
  const sole = duration.labels({});
  return (decision, seconds) => {
    let child = byDecision.get(decision);
    if (child === undefined) {
      child = checks.labels(decision);
      byDecision.set(decision, child);
    }
    child.inc();
    sole.observe(seconds);
  };
}
