import { clearCookie, hasCookie, readCookie, setCookie } from '../../core/http/cookies.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { AgentCookies } from './cookies.ts';
import type { LoginCookie } from './state.ts';

/** See {@link LoginCookie}. */
export function createLoginCookie({ login }: AgentCookies, seal: CookieSeal): LoginCookie {
  return {
    read(request) {
      const value = readCookie(request, login.name);
      if (value === undefined) return { kind: hasCookie(request, login.name) ? 'invalid' : 'absent' };
      const opened = seal.open(login, value);
      if (opened === undefined) return { kind: 'invalid' };
      return { kind: 'secret', secret: Buffer.from(opened.plaintext).toString() };
    },
    set: (secret) => setCookie(login.name, seal.seal(login, Buffer.from(secret)), login.style),
    clear: () => clearCookie(login.name, login.style),
  };
}
