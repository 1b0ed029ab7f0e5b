import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../core/secret.ts';
import type { EventName } from '../../ports/telemetry.ts';
import { createTelemetry, type ProcessTelemetry } from './telemetry.ts';

interface Line {
  readonly [name: string]: unknown;
}

function started(level: 'info' | 'error' | 'debug' = 'debug'): {
  telemetry: ProcessTelemetry;
  raw: string[];
  lines: () => Line[];
} {
  const raw: string[] = [];
  const telemetry = createTelemetry({
    level,
    serviceName: 'sallyport',
    version: '1.2.3',
    destination: { write: (line) => raw.push(line) },
  });
  return { telemetry, raw, lines: () => raw.map((line): Line => JSON.parse(line)) };
}

describe('events', () => {
  it('are one JSON line each, with name, fields, level and ISO time', () => {
    const { telemetry, raw, lines } = started();
    telemetry.event('login_completed', { outcome: 'ok', instance: 'web', hadSession: false, skipped: undefined });
    expect(raw[0]?.match(/\n/g)).toHaveLength(1);
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'sallyport',
        event: 'login_completed',
        outcome: 'ok',
        instance: 'web',
        hadSession: false,
      },
    ]);
  });

  it('are counted by name and outcome whatever the log level', async () => {
    const { telemetry, raw } = started('error');
    telemetry.event('login_failed', { outcome: 'access_denied' });
    telemetry.event('login_failed', { outcome: 'access_denied' });
    telemetry.problem('store_unavailable', {});
    expect(raw).toHaveLength(1);
    const metrics = await telemetry.metrics();
    expect(metrics).toContain('sallyport_events_total{event="login_failed",outcome="access_denied"} 2');
    expect(metrics).toContain('sallyport_events_total{event="store_unavailable",outcome=""} 1');
  });

  it('make a bounded number of time series, whatever a provider sends as its error', async () => {
    const { telemetry } = started('error');
    for (let index = 0; index < 1000; index += 1) telemetry.event('login_failed', { outcome: `error_${index}` });
    telemetry.event('login_failed', { outcome: '"} evil 1\n' });
    const metrics = await telemetry.metrics();
    expect(metrics.match(/sallyport_events_total\{/g)?.length).toBeLessThanOrEqual(201);
    expect(metrics).toContain('outcome="other"} 801');
    expect(metrics).not.toContain('evil');
  });

  it('keep secrets out of every field (G8)', () => {
    const { telemetry, raw } = started();
    telemetry.event('login_failed', { detail: 'code=hunter2 was refused', accessToken: 'hunter2' });
    telemetry.problem('check_failed', { detail: 'cookie: sid=hunter2' });
    expect(raw.join()).not.toContain('hunter2');
  });

  it('stay one line that a terminal does not obey (G9)', () => {
    const { telemetry, raw, lines } = started();
    const hostile = 'a\u001b[31mred\u009b31m\u0085\u2028\u2029\u202e\u007f\r\n{"level":"info"}';
    telemetry.event('request_refused', { reason: hostile });
    expect(raw).toHaveLength(1);
    expect(raw[0]?.trimEnd()).toMatch(/^[\x20-\x7e]+$/);
    expect(lines()[0]).toMatchObject({ reason: hostile });
  });
});

describe('problems', () => {
  it('carry the error with its causes, scrubbed (G8)', () => {
    const { telemetry, raw, lines } = started();
    const cause = Object.assign(new Error('connect redis://:hunter2@store failed'), { code: 'ECONNREFUSED' });
    telemetry.problem('store_unavailable', { operation: 'find' }, new TypeError('Bearer hunter2x', { cause }));
    expect(lines()).toMatchObject([
      {
        level: 'error',
        event: 'store_unavailable',
        operation: 'find',
        error: {
          type: 'TypeError',
          message: 'Bearer [redacted]',
          stack: expect.stringContaining('telemetry.test.ts'),
          cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect redis://[redacted]@store failed' },
        },
      },
    ]);
    expect(raw.join()).not.toContain('hunter2');
  });

  it('do not repeat what JSON.parse quotes of a text that is no JSON (G8)', () => {
    const { telemetry, raw, lines } = started();
    const cause = ((): unknown => {
      try {
        return JSON.parse('canary-token-12345');
      } catch (error) {
        return error;
      }
    })();
    telemetry.problem('provider_unavailable', {}, new Error('not an answer', { cause }));
    expect(lines()).toMatchObject([
      {
        error: {
          cause: { type: 'SyntaxError', message: 'a text could not be parsed', stack: expect.stringContaining(' at ') },
        },
      },
    ]);
    expect(raw.join()).not.toContain('canary');
  });

  it('take anything that was thrown', () => {
    const { telemetry, lines } = started();
    const circular = new Error('round');
    circular.cause = circular;
    for (const thrown of ['text', 0, null, { secret: 'x' }, circular, new AggregateError([new Error('one')], 'many')]) {
      telemetry.problem('check_failed', {}, thrown);
    }
    expect(lines()).toHaveLength(6);
    expect(lines()[5]).toMatchObject({ error: { type: 'AggregateError', errors: ['Error: one'] } });
  });

  it('write at most twenty lines of a kind in a second and say how many are missing', async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      const { telemetry, lines } = started();
      for (let index = 0; index < 1000; index += 1) telemetry.problem('store_unavailable', {});
      telemetry.problem('check_failed', {});
      expect(lines()).toHaveLength(21);
      vi.advanceTimersByTime(1000);
      telemetry.problem('store_unavailable', {});
      expect(lines().at(-1)).toMatchObject({ event: 'store_unavailable', suppressed: 980 });
      expect(await telemetry.metrics()).toContain('sallyport_events_total{event="store_unavailable",outcome=""} 1001');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the logger for libraries', () => {
  it('goes through the same scrubber, messages and objects', () => {
    const { telemetry, raw, lines } = started();
    telemetry.logger.info({ req: { headers: { cookie: 'sid=hunter2' }, url: '/?code=hunter2' } }, 'got code=hunter2');
    telemetry.logger.error(new Error('password=hunter2'));
    telemetry.logger.child({ part: 'x' }).warn('see %s', 'token=hunter2');
    telemetry.logger.info({
      secret: new Secret('hunter2'),
      nested: { list: ['token=hunter2', new Secret('hunter2')] },
    });
    expect(raw.join()).not.toContain('hunter2');
    expect(lines()).toHaveLength(4);
    expect(lines()[0]).toMatchObject({ msg: 'got code=[redacted]', req: { headers: '[redacted]', url: '[redacted]' } });
    expect(lines()[2]).toMatchObject({ part: 'x', msg: 'see token=[redacted]' });
  });
});

describe('metrics', () => {
  it('count checks by decision and time them', async () => {
    const { telemetry } = started();
    telemetry.check('forward', 0.0003);
    telemetry.check('forward', 0.004);
    telemetry.check('redirect', 3);
    const metrics = await telemetry.metrics();
    expect(metrics).toContain('sallyport_checks_total{decision="forward"} 2');
    expect(metrics).toContain('sallyport_checks_total{decision="redirect"} 1');
    expect(metrics).toContain('sallyport_check_duration_seconds_bucket{le="0.0005"} 1');
    expect(metrics).toContain('sallyport_check_duration_seconds_bucket{le="2"} 2');
    expect(metrics).toContain('sallyport_check_duration_seconds_bucket{le="+Inf"} 3');
    expect(metrics).toContain('sallyport_check_duration_seconds_count 3');
  });

  it('have the process and the build beside them, and a registry of their own', async () => {
    const [first, second] = [started(), started()];
    first.telemetry.check('forward', 0.001);
    expect(await first.telemetry.metrics()).toContain(
      `sallyport_build_info{version="1.2.3",node="${process.version}"} 1`,
    );
    expect(await first.telemetry.metrics()).toContain('process_cpu_user_seconds_total');
    expect(await second.telemetry.metrics()).not.toContain('decision="forward"');
    expect(first.telemetry.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('show a time series for each event only once it happened', async () => {
    const { telemetry } = started();
    const name: EventName = 'session_ended';
    expect(await telemetry.metrics()).not.toContain(name);
  });
});
