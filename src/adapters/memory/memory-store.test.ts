import { describe, expect, it } from 'vitest';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../core/time.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import { createExpiringMap } from './expiring-map.ts';
import { createMemoryStore } from './memory-store.ts';

const start = 1_790_000_000;

function recordEndingAt(endsAt: number) {
  return {
    sealed: Buffer.from('x'),
    lastSeenAt: epochSecondsOf(start),
    endsAt: epochSecondsOf(endsAt),
    idleFor: secondsOf(3600),
    keyId: 'AAAAAA',
  };
}

describe('the memory store', () => {
  it('refuses a new session when it is full and ends nobody’s for it', async () => {
    const clock = fixedClock(start);
    const { sessions } = createMemoryStore({ clock, maxSessions: 2 });
    await sessions.create('a', recordEndingAt(start + 10));
    await sessions.create('b', recordEndingAt(start + 100));
    await expect(sessions.create('c', recordEndingAt(start + 100))).rejects.toThrow(StoreUnavailableError);
    expect(await sessions.find('a')).toBeDefined();
    expect(await sessions.replace('b', 1, Buffer.from('y'))).toBe(true);
    clock.advance(10);
    expect(await sessions.create('c', recordEndingAt(start + 100))).toBe(true);
  });

  it('keeps a copy of what it was given', async () => {
    const { sessions } = createMemoryStore({ clock: fixedClock(start) });
    const sealed = Buffer.from('first');
    await sessions.create('a', { ...recordEndingAt(start + 10), sealed });
    sealed.fill(0);
    expect(Buffer.from((await sessions.find('a'))?.sealed ?? [])).toEqual(Buffer.from('first'));
  });
});

describe('a map with ends', () => {
  it('does not grow with entries that have ended', () => {
    const map = createExpiringMap<{ readonly endsAt: EpochSeconds }>(Number.POSITIVE_INFINITY, ({ endsAt }) => endsAt);
    let largest = 0;
    for (let second = 0; second < 20_000; second += 1) {
      const now = epochSecondsOf(start + second);
      map.set(`name ${second}`, { endsAt: epochSecondsOf(now + 100) }, now);
      largest = Math.max(largest, map.size);
    }
    // 100 live entries at any time.
    expect(largest).toBeLessThan(250);
  });

  it('walks through all entries at most once a second when it is full', () => {
    let looks = 0;
    const endOf = (): number => {
      looks += 1;
      return start + 100;
    };
    const map = createExpiringMap<string>(1000, endOf);
    const now = epochSecondsOf(start);
    for (let count = 0; count < 1000; count += 1) map.set(`${count}`, '', now);
    looks = 0;
    for (let count = 0; count < 100; count += 1)
      expect(() => map.set(`new ${count}`, '', now)).toThrow(StoreUnavailableError);
    expect(looks).toBeLessThan(1000 + 100 * 5);
  });
});
