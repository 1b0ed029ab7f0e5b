import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../surroundings.ts';
import { checkSettings } from './check-settings.ts';
import { oauthAgentSettings } from './settings.ts';

const [app, api, other] = ['https://app.example.com', 'https://api.example.com', 'https://shop.example.net'];
const page = `${app}/callback`;
const cors = { enabled: true };

type Place = Partial<Omit<Surroundings, 'problemOfSharedKey' | 'providers'>> & {
  /** What the provider `idp` is. */
  readonly idp?: Partial<NonNullable<ReturnType<Surroundings['providers']['get']>>>;
};

/** What an agent with these settings is told, as `error path`, and each text of it. */
function told(settings: object, { idp = {}, origins = [app], ...place }: Place = {}) {
  const findings = checkSettings(oauthAgentSettings.parse({ provider: 'idp', redirectUri: page, ...settings }), {
    origins,
    guardedOrigins: origins,
    basePaths: new Map([['spa', '/oauth-agent']]),
    providers: new Map([['idp', { responseMode: 'query' as const, ...idp }]]),
    problemOfSharedKey: () => 'weak key',
    ...place,
  });
  return findings.map(({ kind, path, problem, fix }) => ({ at: `${kind} ${path.join('.')}`, problem, fix }));
}

/** One finding of each kind that there is, with a piece of its problem and of its fix. */
const mistakes: readonly (readonly [settings: object, place: Place, at: string, problem: string, fix: string])[] = [
  [
    {},
    { origins: [api] },
    'error redirectUri',
    'on none of the origins, and without trustedOrigins',
    `trustedOrigins: [${app}]`,
  ],
  [{}, { origins: ['https://*.example.net'] }, 'error redirectUri', 'on none of the origins', `add ${app} to origins`],
  [{}, { origins: ['https://*.com'] }, 'error redirectUri', 'on none of the origins', 'origins'],
  [
    { redirectUri: 'http://localhost:3000/' },
    { origins: ['https://localhost:3000'] },
    'error redirectUri',
    'on none of the origins',
    'http://localhost:3000',
  ],
  [
    { redirectUri: `${app}/oauth-agent/login/end` },
    {},
    'error redirectUri',
    'answers at the base path of modes.spa',
    'name a page of the application',
  ],
  [
    { redirectUri: `${app}/_auth` },
    { basePaths: new Map([['web', '/_auth']]), origins: ['https://*.example.com'] },
    'error redirectUri',
    'modes.web',
    'at the provider',
  ],
  [{ cookie: { domain: 'api.example.com' } }, {}, 'error cookie.domain', 'take no such cookie', 'remove domain'],
  [{ cookie: { domain: 'pp.example.com' } }, {}, 'error cookie.domain', 'nobody can log in', 'a domain above'],
  [
    { cookie: { domain: 'example.com' } },
    { origins: [app, other] },
    'error cookie.domain',
    'an origin is neither',
    'hosts in rules',
  ],
  [
    { cookie: { domain: 'app.example.com' } },
    { origins: ['https://*.example.com'] },
    'error cookie.domain',
    'neither',
    'domain above the hosts of all',
  ],
  [
    { trustedOrigins: [app, other] },
    {},
    'warning trustedOrigins.1',
    'without CORS they can read no answer',
    'set cors.enabled: true',
  ],
  [
    { trustedOrigins: [app] },
    { origins: [app, api], guardedOrigins: [api] },
    'warning trustedOrigins.0',
    'on another origin than the APIs',
    'set cors.enabled: true',
  ],
  [{ cors }, {}, 'warning cors.enabled', 'no Origin with GET', 'set cors.enabled: false'],
  [
    { cors, trustedOrigins: [other, app] },
    {},
    'warning cors.enabled',
    'such a GET is refused',
    'in hosts of their rules',
  ],
  [
    { cors, trustedOrigins: [app] },
    { origins: ['https://*.example.com'] },
    'warning cors.enabled',
    'is refused',
    'cors.enabled: false',
  ],
  [
    { cookie: { basePath: '/oauth' } },
    {},
    'warning cookie.basePath',
    'basePath is not below',
    'proxy before Envoy changes paths',
  ],
  [
    { cookie: { basePath: '/oauth-agent/login' } },
    {},
    'warning cookie.basePath',
    'no login can be finished',
    'remove it',
  ],
  [
    { phantomTokens: true },
    { idp: { metadata: {} } },
    'error phantomTokens',
    'providers.idp names no introspection_endpoint',
    'add introspection_endpoint to providers.idp.metadata',
  ],
  [
    {},
    { idp: { responseMode: 'form_post' } },
    'error provider',
    'never sees what providers.idp posts',
    'write responseMode: query in providers.idp',
  ],
  [
    { state: 'sealed', version1: { key: { env: 'KEY' } } },
    {},
    'error version1.key',
    'weak key',
    'make one: openssl rand -hex 32',
  ],
];

describe('an agent that could not work where it stands (G7)', () => {
  it.each(mistakes)('%j with %j: %s', (settings, place, at, problem, fix) => {
    expect(told(settings, place)).toEqual([
      { at, problem: expect.stringContaining(problem), fix: expect.stringContaining(fix) },
    ]);
  });
});

describe('an agent that can work where it stands', () => {
  it.each<readonly [settings: object, place: Place]>([
    [{}, {}],
    [{}, { origins: ['https://*.example.com'] }],
    [{ trustedOrigins: [app], cors }, { origins: [api] }],
    // Pages and APIs are both behind Sallyport, each on its origin.
    [
      { trustedOrigins: [app], cors },
      { origins: [app, api], guardedOrigins: [api] },
    ],
    [{ trustedOrigins: [app, api] }, { origins: [app, api] }],
    [{ trustedOrigins: [app] }, { origins: ['https://*.example.com'] }],
    [{ cookie: { domain: 'example.com' } }, { origins: ['https://*.example.com', app, 'https://example.com'] }],
    [{ cookie: { domain: 'app.example.com' } }, { origins: [app, other], guardedOrigins: [app] }],
    [{ cookie: { basePath: '/oauth-agent' } }, {}],
    [{ cookie: { basePath: '/auth' }, basePath: '/auth/agent' }, {}],
    [{ redirectUri: `${app}/oauth-agents` }, {}],
    // The page is on the application's own server, where nobody of ours answers.
    [{ redirectUri: `${app}/oauth-agent/x`, trustedOrigins: [app], cors }, { origins: [api] }],
    [{ phantomTokens: true }, {}],
    [{ phantomTokens: true }, { idp: { metadata: { introspection_endpoint: 'https://idp.example/introspect' } } }],
    [{ provider: 'missing' }, {}],
    // Origins that are wrong have errors of their own.
    [{ cors, cookie: { domain: 'example.net' }, trustedOrigins: [app] }, { origins: [] }],
    [{}, { origins: [] }],
  ])('%j with %j has no finding', (settings, place) => {
    expect(told(settings, place)).toEqual([]);
  });
});
