import { expect, it } from 'vitest';
import { sessionAt } from '../../../test/support/session.ts';
import { epochSecondsOf } from '../time.ts';
import { decodeSealedSession, encodeSealedSession } from './sealed-session.ts';

const session = sessionAt(1_767_225_600);
const lastSeenAt = epochSecondsOf(1_767_229_200);

it('comes back with the time of its last use', () => {
  const bytes = encodeSealedSession({ session, lastSeenAt });
  expect(decodeSealedSession(bytes)).toEqual({ session, lastSeenAt });
  // At any place of a larger buffer, as decryption hands it over.
  const larger = new Uint8Array(bytes.length + 5);
  larger.set(bytes, 5);
  expect(decodeSealedSession(larger.subarray(5))).toEqual({ session, lastSeenAt });
});

it('is none when it is cut short or holds no session (I6)', () => {
  const bytes = encodeSealedSession({ session, lastSeenAt });
  for (const length of [0, 7, 8, 9, bytes.length - 1])
    expect(decodeSealedSession(bytes.subarray(0, length))).toBeUndefined();
});
