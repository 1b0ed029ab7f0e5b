import { describe, expect, it } from 'vitest';
import { takeBody } from './take-body.ts';

async function* chunksOf(count: number, size: number, taken: { chunks: number }): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    taken.chunks += 1;
    yield new Uint8Array(size).fill(index + 1);
  }
}

describe('takeBody', () => {
  it('gives the bytes in their order, up to the limit', async () => {
    expect(await takeBody(chunksOf(0, 0, { chunks: 0 }))).toHaveLength(0);
    expect([...(await takeBody(chunksOf(2, 2, { chunks: 0 })))]).toEqual([1, 1, 2, 2]);
    expect(await takeBody(chunksOf(2, 16_384, { chunks: 0 }))).toHaveLength(32_768);
  });

  it('takes a body that is too large to its end before it says so, but not without end', async () => {
    const taken = { chunks: 0 };
    await expect(takeBody(chunksOf(3, 16_384, taken))).rejects.toMatchObject({ statusCode: 413 });
    expect(taken.chunks).toBe(3);
    await expect(takeBody(chunksOf(1000, 1_048_576, taken))).rejects.toMatchObject({ statusCode: 413 });
    expect(taken.chunks).toBe(3 + 9);
  });

  it('says that a body broke off', async () => {
    const broken = async function* () {
      yield new Uint8Array(1);
      throw new Error('aborted');
    };
    await expect(takeBody(broken())).rejects.toMatchObject({ statusCode: 400 });
  });
});
