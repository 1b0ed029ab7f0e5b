import type { SessionSettings } from './settings.ts';

/** The cookies of one session instance. */
export interface SessionCookies {
  readonly session: string;
  /** Holds the binding secret of login attempts; one for all tabs. */
  readonly binding: string;
  readonly secure: boolean;
}

/** `__Host-` names, which no sibling host can set (RFC 6265bis §4.1.3.2), except in plain-HTTP development. */
export function sessionCookies(settings: SessionSettings): SessionCookies {
  const { name, insecureHttp } = settings.cookie;
  const prefix = insecureHttp ? '' : '__Host-';
  return { session: `${prefix}${name}`, binding: `${prefix}${name}-login`, secure: !insecureHttp };
}
