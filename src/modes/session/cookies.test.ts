import { expect, it } from 'vitest';
import { sessionCookies } from './cookies.ts';
import { sessionSettings } from './settings.ts';

it('names cookies that no sibling host can set and no plain connection can read (RFC 6265bis §4.1.3.2)', () => {
  expect(sessionCookies(sessionSettings.parse({ provider: 'idp' }))).toEqual({
    session: '__Host-sallyport',
    binding: '__Host-sallyport-login',
    secure: true,
  });
});

it('drops the prefix and Secure together, in plain-HTTP development alone', () => {
  const settings = sessionSettings.parse({ provider: 'idp', cookie: { name: 'demo', insecureHttp: true } });
  expect(sessionCookies(settings)).toEqual({ session: 'demo', binding: 'demo-login', secure: false });
});
