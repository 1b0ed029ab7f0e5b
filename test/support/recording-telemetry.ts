import type { EventFields, EventName, Telemetry } from '../../src/ports/telemetry.ts';

export interface RecordedEvent {
  readonly name: EventName;
  readonly fields: EventFields;
  /** Undefined for an event of normal operation. */
  readonly cause?: unknown;
}

/** Keeps what it is told. */
export interface RecordingTelemetry extends Telemetry {
  readonly events: readonly RecordedEvent[];
  /** Names of the events, in order. */
  names(): readonly EventName[];
  /** Everything that was told, as a text to look for secrets in. */
  text(): string;
}

export function recordingTelemetry(): RecordingTelemetry {
  const events: RecordedEvent[] = [];
  return {
    events,
    names: () => events.map(({ name }) => name),
    text: () => JSON.stringify(events, (_key, value: unknown) => (value instanceof Error ? String(value) : value)),
    event: (name, fields = {}) => void events.push({ name, fields }),
    problem: (name, fields, cause) => void events.push({ name, fields, cause }),
    check: () => {},
  };
}
