import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

export const cookieOptions: readonly Option[] = [
  {
    flag: 'cookie-name',
    kind: 'text',
    standard: '_oauth2_proxy',
    outcome: to('modes.web.cookie.name, in its spelling; another name than before, so that both can run'),
  },
  {
    flag: 'cookie-secret',
    kind: 'text',
    isSecret: true,
    outcome: unneeded('keys takes its place: `sallyport keys new --file keys.json`'),
  },
  {
    flag: 'cookie-secret-file',
    kind: 'text',
    outcome: unneeded('keys takes its place: `sallyport keys new --file keys.json`'),
  },
  {
    flag: 'cookie-domain',
    kind: 'list',
    outcome: none(
      'sessions are for one host each (`__Host-` cookies); list every host under origins and register its callback',
    ),
  },
  {
    flag: 'cookie-path',
    kind: 'text',
    standard: '/',
    outcome: none('`__Host-` cookies have the path /; no other application of the host reads them, they are stripped'),
  },
  {
    flag: 'cookie-expire',
    kind: 'duration',
    standard: '168h0m0s',
    outcome: to('modes.web.absoluteLifetime and idleLifetime'),
  },
  {
    flag: 'cookie-refresh',
    kind: 'duration',
    outcome: none('sessions are not renewed: they end after absoluteLifetime, and the user logs in again'),
  },
  { flag: 'cookie-secure', kind: 'boolean', standard: 'true', outcome: to('modes.web.cookie.insecureHttp') },
  {
    flag: 'cookie-httponly',
    kind: 'boolean',
    standard: 'true',
    outcome: unneeded('cookies are always HttpOnly'),
  },
  {
    flag: 'cookie-samesite',
    kind: 'text',
    outcome: unneeded('cookies are always SameSite=Lax; `strict` is an error until you accept that'),
  },
  {
    flag: 'cookie-csrf-per-request',
    kind: 'boolean',
    outcome: unneeded('any number of tabs can log in at the same time, with one small cookie'),
  },
  {
    flag: 'cookie-csrf-per-request-limit',
    kind: 'number',
    outcome: unneeded('there is one small cookie, however many logins are begun'),
  },
  {
    flag: 'cookie-csrf-expire',
    kind: 'duration',
    standard: '15m0s',
    outcome: to('modes.web.attemptLifetime'),
  },
  {
    flag: 'cookie-csrf-samesite',
    kind: 'text',
    outcome: unneeded('the cookie of a login is always SameSite=Lax'),
  },
];
