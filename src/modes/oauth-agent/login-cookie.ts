import { clearCookie, hasCookie, readCookie, setCookie } from '../../core/http/cookies.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { AgentCookies } from './cookies.ts';

/** The login cookie: a sealed binding secret (see begin-login). */
export interface LoginCookie {
  /** `absent`: no such cookie. `invalid`: one that opens nothing. */
  read(
    request: HttpRequest,
  ): { readonly kind: 'secret'; readonly secret: string } | { readonly kind: 'absent' | 'invalid' };
  set(secret: string): string;
  clear(): string;
}

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
