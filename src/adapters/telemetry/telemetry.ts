import {
  type DestinationStream,
  destination as fileDescriptor,
  type Level,
  type Logger,
  pino,
  stdTimeFunctions,
} from 'pino';
import type { EventFields, Telemetry } from '../../ports/telemetry.ts';
import { errorFields, logFields, logText } from './log-fields.ts';
import { escapeLine } from './log-line.ts';
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
  /** For libraries that insist on one. Everything written to it goes through the same scrubber. */
  readonly logger: Logger;
  /** Writes out what is buffered, before the process ends. */
  flush(): void;
}

/** Logs to JSON lines through pino, counts in prom-client. Lines to standard output do not block. */
export function createTelemetry(options: TelemetryOptions): ProcessTelemetry {
  const output: DestinationStream & { flushSync?(): void } = options.destination ?? standardOutput();
  const logger = pino(
    {
      level: options.level,
      base: { service: options.serviceName },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: logFields },
      hooks: {
        // Messages of libraries; our own events have none.
        logMethod(parameters, method) {
          // The tuple keeps its length and kinds; only texts are replaced.
          const scrubbed = parameters.map((each) => (typeof each === 'string' ? logText(each) : each));
          method.apply(this, scrubbed as typeof parameters);
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
    metrics: metrics.text,
    contentType: metrics.contentType,
    logger,
    flush: () => output.flushSync?.(),
  };
}

function outcomeOf({ outcome = '' }: EventFields): string {
  return String(outcome);
}

function standardOutput(): DestinationStream & { flushSync(): void } {
  const stream = fileDescriptor({ dest: 1, sync: false });
  // A full disk or a closed pipe behind us must not end the process; the lines are lost either way.
  stream.on('error', () => {});
  return stream;
}
