import { describe, expect, it } from 'vitest';
import { agentStates } from '../../../test/support/agent-states.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { hasEnded, noteEnd } from './ended-sessions.ts';

const { out } = agentStates().agent({ state: 'sealed' }).cookies;
const request = (cookie = '') => httpRequest({ headers: { cookie } });

/** The cookie after sessions with these keys ended, the last one last. */
function cookieAfter(...keys: readonly string[]): string {
  return keys.reduce((cookie, key) => noteEnd(request(cookie), key, out).replace(/;.*$/, ''), '');
}

describe('the ends of sessions that a browser remembers', () => {
  it('are those that it saw', () => {
    const cookie = cookieAfter('a', 'b');
    expect(['a', 'b', 'c', ''].map((key) => hasEnded(request(cookie), key, out))).toEqual([true, true, false, false]);
    expect(hasEnded(request(), 'a', out)).toBe(false);
  });

  it('are the last eight, each once, in a cookie that stays small and shows no key', () => {
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
    const cookie = cookieAfter(...keys, 'key-11');
    expect(keys.filter((key) => hasEnded(request(cookie), key, out))).toEqual(keys.slice(4));
    expect(cookie.length).toBeLessThan(160);
    expect(cookie).not.toContain('key-');
    expect(cookieAfter('a', 'a')).toBe(cookieAfter('a'));
  });

  it.each(['example-out=x', 'example-out=', `${cookieAfter('a')}.`, 'example-out=__proto__'])(
    'are none in %j: whoever writes that deletes the cookies as well',
    (cookie) => {
      expect(hasEnded(request(cookie), 'a', out)).toBe(false);
      expect(noteEnd(request(cookie), 'a', out)).toBe(noteEnd(request(), 'a', out));
    },
  );

  it('are those of every cookie of the name: one that a neighbouring host has put beside ours hides none', () => {
    const [ours, theirs] = [cookieAfter('a', 'b'), cookieAfter('c')];
    for (const cookie of [`${ours}; ${theirs}`, `${theirs}; ${ours}`, `example-out=x; ${ours}; example-out=`]) {
      expect(['a', 'b'].map((key) => hasEnded(request(cookie), key, out))).toEqual([true, true]);
      expect(hasEnded(request(noteEnd(request(cookie), 'd', out).replace(/;.*$/, '')), 'a', out)).toBe(true);
    }
    const many = Array.from({ length: 500 }, (_, index) => cookieAfter(`key-${index}`)).join('; ');
    expect(hasEnded(request(`${many}; ${ours}`), 'a', out)).toBe(true);
    expect(noteEnd(request(`${many}; ${ours}`), 'a', out).length).toBeLessThan(250);
  });

  it('are never of a session without a key', () => {
    expect(hasEnded(request(cookieAfter('')), '', out)).toBe(false);
  });
});
