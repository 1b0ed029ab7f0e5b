import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { type ChunkedCookie, chunkNames, clearChunks, readChunks, writeChunks } from './cookie-chunks.ts';

const cookie: ChunkedCookie = { name: '__Host-sallyport', maxChunks: 3 };
const style = { secure: true };

/** What a browser sends back of Set-Cookie values. */
function pairsOf(setCookies: readonly string[] = []): [string, string][] {
  return setCookies.flatMap((line): [string, string][] => {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    return line.includes('Max-Age=0') ? [] : [[name, value]];
  });
}

function read(pairs: readonly (readonly [string, string])[], as: ChunkedCookie = cookie): string | undefined {
  return readChunks(httpRequest({ headers: { cookie: pairs.map((pair) => pair.join('=')).join('; ') } }), as);
}

/** No two characters at one distance are the same, so that chunks that change places are noticed. */
const long = Array.from({ length: 9_000 }, (_, index) => (index % 1_000).toString(36))
  .join('')
  .slice(0, 9_000);

describe('a value in chunks', () => {
  it.each([1, 3_799, 3_800, 3_801, 7_600, 9_000])('of %i characters comes back', (length) => {
    expect(read(pairsOf(writeChunks(long.slice(0, length), cookie, style)))).toBe(long.slice(0, length));
  });

  it('keeps each cookie within what browsers keep, with the attributes of ours', () => {
    for (const line of writeChunks(long, cookie, style) ?? []) {
      expect(line.length).toBeLessThan(4_096);
      expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Secure/);
    }
  });

  it('deletes the chunks that it does not need', () => {
    expect(writeChunks('short', cookie, style)?.slice(1)).toEqual(clearChunks(cookie, style).slice(1));
    expect(clearChunks(cookie, style)).toHaveLength(3);
  });

  it('is none when it is empty or does not fit', () => {
    expect(writeChunks('', cookie, style)).toBeUndefined();
    expect(writeChunks('x'.repeat(3 * 3_800 + 1), cookie, style)).toBeUndefined();
  });

  it('is none with a chunk missing, doubled, surplus or without its count (S7)', () => {
    const pairs = pairsOf(writeChunks(long.slice(0, 5_000), cookie, style));
    const [first, second] = pairs;
    if (first === undefined || second === undefined) throw new Error('there are two chunks');
    expect(read(pairs)).toBeDefined();
    for (const wrong of [
      [],
      [first],
      [second],
      [first, second, second],
      [first, first, second],
      [...pairs, ['__Host-sallyport.2', 'surplus'] as const],
      [['__Host-sallyport', first[1].slice(2)] as const, second],
      [['__Host-sallyport', `9${first[1].slice(1)}`] as const, second],
      [['__Host-sallyport', `1${first[1].slice(1)}`] as const, second],
      [['__Host-sallyport', `0${first[1].slice(1)}`] as const, second],
    ]) {
      expect(read(wrong)).toBeUndefined();
    }
  });

  it('has names that are known beforehand, so that none reaches a workload', () => {
    expect(chunkNames(cookie)).toEqual(['__Host-sallyport', '__Host-sallyport.1', '__Host-sallyport.2']);
  });
});

describe('a value that stands bare where it fits one cookie', () => {
  const bare: ChunkedCookie = { name: 'example-at', maxChunks: 3, bareWhenWhole: true };

  it.each([1, 3_799, 3_800, 3_801, 7_600, 9_000])('of %i characters comes back', (length) => {
    expect(read(pairsOf(writeChunks(long.slice(0, length), bare, style)), bare)).toBe(long.slice(0, length));
  });

  it('has no count before it, so that programs that know no chunks read it', () => {
    expect(pairsOf(writeChunks('AbCd', bare, style))).toEqual([['example-at', 'AbCd']]);
    expect(pairsOf(writeChunks(long.slice(0, 3_800), bare, style))).toHaveLength(1);
    expect(pairsOf(writeChunks(long.slice(0, 3_801), bare, style)).map(([, value]) => value.slice(0, 2))).toEqual([
      '2.',
      long.slice(3_800, 3_801),
    ]);
  });

  it('is none with a chunk missing, doubled, surplus, mixed with another value or counted as one (S7)', () => {
    const [whole] = pairsOf(writeChunks('AbCd', bare, style));
    const [first, second] = pairsOf(writeChunks(long.slice(0, 5_000), bare, style));
    if (whole === undefined || first === undefined || second === undefined) throw new Error('there are three cookies');
    for (const wrong of [
      [],
      [['example-at', ''] as const],
      [['example-at', '1.AbCd'] as const],
      [first],
      [second],
      [whole, whole],
      [whole, second],
      [whole, ['example-at.2', 'surplus'] as const],
      [first, second, ['example-at.2', 'surplus'] as const],
      [first, second, second],
    ]) {
      expect(read(wrong, bare)).toBeUndefined();
    }
  });

  it('is written and deleted at its own place, every chunk of it', () => {
    const placed = { secure: true, path: '/agent/refresh', domain: 'example.com', sameSite: 'Strict' } as const;
    const attributes = '; Domain=example.com; Path=/agent/refresh; HttpOnly; SameSite=Strict; Secure';
    expect(writeChunks('AbCd', bare, placed)).toEqual([
      `example-at=AbCd${attributes}`,
      `example-at.1=${attributes}; Max-Age=0`,
      `example-at.2=${attributes}; Max-Age=0`,
    ]);
    expect(writeChunks(long.slice(0, 3_801), bare, placed)?.[1]).toBe(
      `example-at.1=${long.slice(3_800, 3_801)}${attributes}`,
    );
    expect(clearChunks(bare, placed)[0]).toBe(`example-at=${attributes}; Max-Age=0`);
  });
});
