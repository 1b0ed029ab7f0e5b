import type { Random } from '../../src/ports/random.ts';

/** Yields bytes that are the same in every run and differ from call to call: 1, 1, 1 … then 2, 2, 2 … */
export function scriptedRandom(): Random {
  let call = 0;
  return {
    bytes: (length) => {
      call += 1;
      return new Uint8Array(length).fill(call & 0xff);
    },
  };
}
