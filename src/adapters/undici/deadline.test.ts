import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { secondsOf } from '../../core/time.ts';
import { startDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const start = () => startDeadline(secondsOf(5), secondsOf(25));

describe('the deadline of a request', () => {
  it('leaves it the whole time for the answer, however long it waited for a connection', () => {
    const deadline = start();
    vi.advanceTimersByTime(4999);
    expect(deadline.sending()).toBe(true);
    vi.advanceTimersByTime(24_999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError', message: 'no answer within 25 s' });
  });

  it('is over when it was not sent in time', () => {
    const deadline = start();
    vi.advanceTimersByTime(5000);
    const reason = { name: 'TimeoutError', message: 'no connection within 5 s: nothing was sent' };
    expect(deadline.signal.reason).toMatchObject(reason);
    expect(deadline.sending()).toBe(false);
  });

  it('is over in a process that was stopped meanwhile and whose timers have not come yet', () => {
    const begun = performance.now();
    const deadline = start();
    vi.spyOn(performance, 'now').mockReturnValue(begun + 5000);
    expect(deadline.sending()).toBe(false);
    expect(deadline.signal.aborted).toBe(true);
    vi.restoreAllMocks();
  });

  it('ends with the request', () => {
    const deadline = start();
    deadline.sending();
    deadline.end();
    vi.advanceTimersByTime(100_000);
    expect(deadline.signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
