import { format } from 'node:util';
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import type { EpochSeconds } from '../../core/time.ts';
import type { EventFields, Telemetry } from '../../ports/telemetry.ts';
import { escapeLine } from './escape-line.ts';
import { createLineOutput, type LineOutput } from './line-output.ts';
import { errorFields, logFields, logText } from './log-fields.ts';
import { createMetrics } from './metrics.ts';
import { createThrottle } from './throttle.ts';

export interface TelemetryOptions {
  readonly level: Level | 'silent';
  /** `service` of every line. */
  readonly serviceName: string;
  /** For `sallyport_build_info`. */
  readonly version?: string;
  /** One call for each line; standard output when left out. */
  readonly destination?: { write(line: string): void };
}

/** The port, and what the rest of the process needs of its adapter. */
export interface ProcessTelemetry extends Telemetry {
  /** Prometheus text exposition format. */
  metrics(): Promise<string>;
  readonly contentType: string;
  /** From now on lines below this level are left out. */
  setLevel(level: Level): void;
  /** `sallyport_config_*`; `started`: the first configuration of the process. */
  countReload(outcome: string, now: EpochSeconds): void;
  /** For libraries that insist on one. Everything written to it goes through the same scrubber. */
  readonly logger: Logger;
  /** Writes out what is buffered, before the process ends. */
  flush(): void;
}

/** Logs to JSON lines through pino, counts in prom-client. Lines to standard output do not block. */
export function createTelemetry(options: TelemetryOptions): ProcessTelemetry {
  const output: DestinationStream & Partial<LineOutput> = options.destination ?? standardOutput();
  const logger = pino(
    {
      level: options.level,
      base: { service: options.serviceName },
      timestamp: stdTimeFunctions.isoTime,
      // Errors arrive here as fields already; pino's own serializer would give them another type.
      serializers: { err: (fields: unknown) => fields },
      formatters: { level: (label) => ({ level: label }), bindings: logFields },
      hooks: {
        // Every line passes here, ours and the libraries'.
        logMethod(parameters, method) {
          const [first, ...rest]: readonly unknown[] = parameters;
          if (typeof first !== 'object' || first === null) return method.call(this, logText(format(...parameters)));
          const fields = logFields(first instanceof Error ? { err: first } : first);
          return rest.length === 0 ? method.call(this, fields) : method.call(this, fields, logText(format(...rest)));
        },
        streamWrite: escapeLine,
      },
    },
    output,
  );
  const metrics = createMetrics(options.version ?? 'unknown');
  const throttle = createThrottle(Date.now);
  return {
    event(name, fields = {}) {
      metrics.countEvent(name, outcomeOf(fields));
      logger.info({ ...fields, event: name });
    },
    problem(name, fields, cause) {
      metrics.countEvent(name, outcomeOf(fields));
      const admitted = throttle.admit(name);
      if (admitted === undefined) return;
      logger.error({
        ...fields,
        event: name,
        ...(admitted.suppressed > 0 && { suppressed: admitted.suppressed }),
        ...(cause !== undefined && { error: errorFields(cause) }),
      });
    },
    check: metrics.countCheck,
    setLevel: (level) => {
      logger.level = level;
    },
    countReload: metrics.countReload,
    metrics: metrics.text,
    contentType: metrics.contentType,
    logger,
    flush: () => output.flushSync?.(),
  };
}

function outcomeOf({ outcome = '' }: EventFields): string {
  return String(outcome);
}

function standardOutput(): LineOutput {
  const output = createLineOutput(1);
  // Also when the process ends by an exception that nobody caught.
  process.once('exit', () => output.flushSync());
  return output;
}
