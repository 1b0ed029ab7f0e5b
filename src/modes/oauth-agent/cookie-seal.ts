import type { ModeServices } from '../mode.ts';
import type { PlacedCookie } from './cookies.ts';
import type { OauthAgentSettings } from './settings.ts';

/** Seals what the cookies of one agent hold. */
export interface CookieSeal {
  /** The cookie's value: version 0x02, or 0x01 where `version1.write` says so; or `form`, which one that came had. */
  seal(cookie: PlacedCookie, plaintext: Uint8Array, form?: 1 | 2): string;
  /** `version`: which form it had. Undefined for every value that is not one of ours for this cookie. */
  open(cookie: PlacedCookie, value: string): { readonly version: 1 | 2; readonly plaintext: Uint8Array } | undefined;
  readonly writes: 1 | 2;
}

/** First byte of our own form; the envelope of the key ring comes after it. */
const version2 = 2;

/** See {@link CookieSeal}. */
export function createCookieSeal(
  instance: string,
  version1: OauthAgentSettings['version1'],
  { sealer, createSharedKeySealer }: Pick<ModeServices, 'sealer' | 'createSharedKeySealer'>,
): CookieSeal {
  const sharedKey = version1 && createSharedKeySealer(version1.key);
  const writes = version1?.write === true ? 1 : 2;
  // A value that is moved to another cookie, or to another instance with the same ring, opens nothing (S6).
  const contextOf = ({ name, purpose }: PlacedCookie) => `${instance}\0${name}\0${purpose}`;
  return {
    writes,
    seal(cookie, plaintext, form = writes) {
      if (form === 1 && sharedKey !== undefined && isShared(cookie)) return sharedKey.seal(plaintext);
      const envelope = sealer.sealBytes('agent-cookie', plaintext, contextOf(cookie));
      return Buffer.concat([Buffer.of(version2), envelope]).toString('base64url');
    },
    open(cookie, value) {
      const bytes = Buffer.from(value, 'base64url');
      if (bytes[0] !== version2) {
        const plaintext = isShared(cookie) ? sharedKey?.open(value) : undefined;
        return plaintext && { version: 1, plaintext };
      }
      // Node reads several spellings; only the one that is written counts (RFC 4648 §3.5).
      if (bytes.toString('base64url') !== value) return undefined;
      const plaintext = sealer.openBytes('agent-cookie', bytes.subarray(1), contextOf(cookie));
      return plaintext && { version: 2, plaintext };
    },
  };
}

/** What other programs read as well. Nobody but us has to do with a login that is under way. */
function isShared({ purpose }: PlacedCookie): boolean {
  return purpose !== 'login';
}
