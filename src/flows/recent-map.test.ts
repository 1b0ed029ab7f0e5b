import { describe, expect, it } from 'vitest';
import { createRecentMap } from './recent-map.ts';

describe('a recent map', () => {
  it('keeps what was used last, whatever was looked at or updated meanwhile', () => {
    const map = createRecentMap<number>(2, () => true);
    map.set('a', 1);
    map.set('b', 2);
    map.use('a');
    map.update('b', 3);
    expect(map.get('b')).toBe(3);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 4, 2]);
  });

  it('updates and uses nothing that is not there', () => {
    const map = createRecentMap<number>(2, () => true);
    map.update('a', 1);
    map.use('a');
    expect([map.get('a'), map.size]).toEqual([undefined, 0]);
  });

  it('lets go of what is of no use before it needs the room', () => {
    const useless = new Set<number>();
    const map = createRecentMap<number>(100, (value) => !useless.has(value));
    for (let value = 0; value < 10; value += 1) map.set(String(value), value);
    for (let value = 0; value < 8; value += 1) useless.add(value);
    map.set('new', 10);
    expect(map.size).toBe(3);
  });
});
