import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

/** The machine's cryptographic generator. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
};
