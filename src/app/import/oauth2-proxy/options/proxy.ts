import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

const noBearer = none('callers with tokens of their own get 401: bearer tokens are not accepted by session mode');

export const proxyOptions: readonly Option[] = [
  {
    flag: 'allow-query-semicolons',
    kind: 'boolean',
    outcome: unneeded('queries are forwarded as they are'),
  },
  {
    flag: 'api-route',
    kind: 'list',
    outcome: unneeded('only a page load of a person is redirected; programs get 401 with JSON, on every path'),
  },
  {
    flag: 'authenticated-emails-file',
    kind: 'text',
    outcome: to('rules[].require.emails, as the file is now; it is not watched'),
  },
  { flag: 'bearer-token-login-fallback', kind: 'boolean', standard: 'true', outcome: noBearer },
  { flag: 'email-domain', kind: 'list', outcome: to('rules[].require.domains; `*` demands none') },
  { flag: 'encode-state', kind: 'boolean', outcome: unneeded('state is one sealed word of safe characters') },
  { flag: 'extra-jwt-issuers', kind: 'list', outcome: noBearer },
  {
    flag: 'force-https',
    kind: 'boolean',
    outcome: none('let what ends TLS redirect http to https; session cookies are Secure in any case'),
  },
  {
    flag: 'force-json-errors',
    kind: 'boolean',
    outcome: unneeded('programs get JSON; people get pages, by what the browser says of the request'),
  },
  {
    flag: 'htpasswd-file',
    kind: 'text',
    outcome: none('for local users run an instance of mode issuer (its users have argon2 hashes) as the provider'),
  },
  { flag: 'htpasswd-user-group', kind: 'list', outcome: none('see htpasswd-file') },
  {
    flag: 'proxy-prefix',
    kind: 'text',
    standard: '/oauth2',
    outcome: to('modes.web.basePath, so that the registered callback stays the same'),
  },
  {
    flag: 'real-client-ip-header',
    kind: 'text',
    standard: 'X-Real-IP',
    outcome: none('Envoy counts trusted proxies in X-Forwarded-For: envoy.trustedHops'),
  },
  { flag: 'redirect-url', kind: 'text', outcome: to('origins, and modes.web.basePath') },
  {
    flag: 'relative-redirect-url',
    kind: 'boolean',
    outcome: unneeded('the callback is made from the origin of the request, which must be under origins'),
  },
  { flag: 'reverse-proxy', kind: 'boolean', outcome: to('envoy.trustedHops') },
  {
    flag: 'trusted-proxy-ip',
    kind: 'list',
    outcome: none('Envoy counts proxies (envoy.trustedHops); let only them reach it'),
  },
  {
    flag: 'signature-key',
    kind: 'text',
    isSecret: true,
    outcome: none('requests are not signed; let only Envoy reach the workload'),
  },
  {
    flag: 'skip-auth-preflight',
    kind: 'boolean',
    outcome: to('rules[].passPreflight: CORS preflights alone, not every OPTIONS'),
  },
  { flag: 'skip-auth-regex', kind: 'list', outcome: to('rules with use: public') },
  { flag: 'skip-auth-route', kind: 'list', outcome: to('rules with use: public') },
  { flag: 'skip-jwt-bearer-tokens', kind: 'boolean', outcome: noBearer },
  {
    flag: 'trusted-ip',
    kind: 'list',
    outcome: none('no address is let in without a login; give such callers a public rule, or a listener of their own'),
  },
  {
    flag: 'whitelist-domain',
    kind: 'list',
    outcome: none('users return to the host they came from, never to another; log in on each host'),
  },
];
