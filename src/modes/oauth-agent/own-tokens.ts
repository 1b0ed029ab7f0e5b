import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ModeServices } from '../mode.ts';

/**
 * CSRF tokens that show by themselves that an agent made them: base64url(16 random bytes ‖ 16 bytes of their HMAC-SHA-256).
 * Form 0x01 says of no cookie what it is for, and without this a page would be told what is sealed in any other.
 */
export interface OwnTokens {
  mint(): string;
  /**
   * The token itself where it is one of ours. Otherwise the one of ours that stands for it: always the same, so that two
   * tabs are told the same, and nothing of the other can be learned from it.
   */
  standInFor(token: string): string;
  /** Whether both are one token, or one stands for the other. In a time that says nothing about the texts. */
  amountToSame(one: string, other: string): boolean;
}

const partLength = 16;

/** See {@link OwnTokens}. Every key of the ring is good; the newest makes new ones. Once for each instance (S6). */
export function createOwnTokens(
  instance: string,
  { derivedKeys, random }: Pick<ModeServices, 'derivedKeys' | 'random'>,
): OwnTokens {
  const keys = derivedKeys.derive(`oauth-agent CSRF tokens\0${instance}`);
  const [newest] = keys;
  if (newest === undefined) throw new Error('the key ring is empty');

  const tokenOf = (start: Uint8Array, key: Uint8Array) =>
    Buffer.concat([start, macOf('token', start, key)]).toString('base64url');
  const standIn = (token: string, key: Uint8Array) => tokenOf(macOf('stands for', Buffer.from(token), key), key);
  const isOurs = (token: string) => {
    const start = Buffer.from(token, 'base64url').subarray(0, partLength);
    return keys.some((key) => isSame(tokenOf(start, key), token));
  };
  return {
    mint: () => tokenOf(random.bytes(partLength), newest),
    standInFor: (token) => (isOurs(token) ? token : standIn(token, newest)),
    amountToSame: (one, other) =>
      isSame(one, other) || keys.some((key) => isSame(standIn(one, key), other) || isSame(standIn(other, key), one)),
  };
}

function macOf(use: 'token' | 'stands for', bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(`${use}\0`).update(bytes).digest().subarray(0, partLength);
}

/** In a time that says nothing about the texts, their lengths included. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
