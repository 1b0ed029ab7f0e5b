import { type EpochSeconds, epochSecondsOf } from '../time.ts';
import type { FoundSession } from './lifetimes.ts';
import type { Session } from './session.ts';
import { decodeSession, encodeSession } from './session-codec.ts';

/** Bytes before the session: when it was last seen. */
const headLength = 8;

/** The time of the last use, then the session. Goes into a sealer and nowhere else. */
export function encodeSealedSession(parts: {
  readonly session: Session;
  readonly lastSeenAt: EpochSeconds;
}): Uint8Array {
  const body = encodeSession(parts.session);
  const bytes = new Uint8Array(headLength + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(parts.lastSeenAt));
  bytes.set(body, headLength);
  return bytes;
}

/** Undefined for anything that {@link encodeSealedSession} did not write. */
export function decodeSealedSession(bytes: Uint8Array): FoundSession | undefined {
  if (bytes.length < headLength) return undefined;
  const lastSeenAt = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  const session = decodeSession(bytes.subarray(headLength));
  return session === undefined
    ? undefined
    : { session, name: undefined, lastSeenAt: epochSecondsOf(Number(lastSeenAt)) };
}
