import { describe, expect, it } from 'vitest';
import { systemRandom as random } from '../../adapters/system/random.ts';
import { createOwnTokens } from './own-tokens.ts';

const [one, two, three] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));

/** As an agent with these keys makes them, the newest first. */
function tokensWith(...keys: readonly (Uint8Array | undefined)[]) {
  const ring = keys.flatMap((key) => key ?? []);
  return createOwnTokens('spa', { random, derivedKeys: { derive: () => ring } });
}

const own = tokensWith(one);

describe('tokens that show that they are ours', () => {
  it('are random, and known again by every process with the same keys', () => {
    const token = own.mint();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(own.mint()).not.toBe(token);
    expect(tokensWith(one).standInFor(token)).toBe(token);
    expect(own.amountToSame(token, token)).toBe(true);
    expect(own.amountToSame(token, own.mint())).toBe(false);
  });

  it.each([
    ['an access token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'],
    ['random bytes', random.bytes(32)],
    ['nothing', ''],
    ['a token that was changed', own.mint().replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))],
    ['a token that is spelled otherwise (RFC 4648 §3.5)', `${own.mint()}=`],
    ['more than a token', `${own.mint()}AAAA`],
    ['a token under a key that is gone', tokensWith(two).mint()],
  ])('are not %s: another stands for it, which says nothing of it', (_what, foreign) => {
    const token = typeof foreign === 'string' ? foreign : Buffer.from(foreign).toString('base64url');
    const standIn = own.standInFor(token);
    expect(standIn).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(standIn).not.toBe(token);
    expect([own.standInFor(token), own.standInFor(standIn)]).toEqual([standIn, standIn]);
    expect([own.amountToSame(token, standIn), own.amountToSame(standIn, token)]).toEqual([true, true]);
    expect(own.amountToSame(token, own.standInFor(`${token}.`))).toBe(false);
  });

  it('stay ours when the ring gets another key', () => {
    const rotated = tokensWith(two, one, three);
    const token = own.mint();
    expect(rotated.standInFor(token)).toBe(token);
    const later = rotated.mint();
    expect(own.standInFor(later)).not.toBe(later);
    expect(rotated.amountToSame('of-somebody-else', own.standInFor('of-somebody-else'))).toBe(true);
  });

  it('are of one instance (S6)', () => {
    const labels: string[] = [];
    const derivedKeys = {
      derive: (label: string) => {
        labels.push(label);
        return [Buffer.alloc(32)];
      },
    };
    for (const instance of ['spa', 'other']) createOwnTokens(instance, { random, derivedKeys });
    expect(new Set(labels).size).toBe(2);
    expect(() => createOwnTokens('spa', { random, derivedKeys: { derive: () => [] } })).toThrow('key ring');
  });
});
