import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationOf, type ImportAttempt, imported } from '../../../../test/support/imported.ts';
import { matchRule, type Rule } from '../../../core/rules/match.ts';
import { readOpenPath } from './open-paths.ts';

const origin = 'https://app.example.com';
const client = ['--client-id=app', '--client-secret=s', `--redirect-url=${origin}/oauth2/callback`];
const basic = [...client, '--email-domain=example.com', '--upstream=http://127.0.0.1:8080/'];

async function rulesFor(attempt: ImportAttempt): Promise<readonly Rule[]> {
  return (await configurationOf(imported(attempt).yaml)).config.rules;
}

function useFor(rules: readonly Rule[], method: string, path: string): string | undefined {
  const rule = matchRule(rules, { origin, path, method, preflightMethod: undefined, context: new Map() });
  return rule?.use.kind;
}

/** Whether oauth2-proxy lets a request through without a login: any entry that opens it will do. */
function isOpen(entries: readonly string[], method: string, path: string): boolean {
  return entries.map(readOpenPath).some((entry) => {
    const isFound = RE2JS.compile(entry.pattern).matcher(path).find();
    return (entry.method === undefined || entry.method === method) && isFound !== entry.isNegated;
  });
}

const paths = ['/', '/a', '/a/', '/a/b', '/ab', '/b', '/b/a', '/admin/a', '/public', '/A'];
const methods = ['GET', 'POST', 'OPTIONS'];

/** Flags take lists as CSV. */
function flagOf(entries: readonly string[]): string {
  return `--skip-auth-route=${entries.map((entry) => `"${entry.replaceAll('"', '""')}"`).join(',')}`;
}

describe('paths without a login', () => {
  const entry = fc
    .tuple(
      fc.constantFrom('', '=', 'GET=', 'POST=', '!=', 'GET!=', 'post!='),
      fc.constantFrom('^/a', '^/a$', '/a', '^/a/', '^/a|^/b', '(?i)^/a', 'b$', '^/(?:a|public)(?:/|$)', '.*', '^/$'),
    )
    .map(([method, pattern]) => `${method}${pattern}`);

  it('are never more than oauth2-proxy had, whatever its entries are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { minLength: 1, maxLength: 4 }), async (entries) => {
        const rules = await rulesFor({ flags: [...basic, flagOf(entries)] });
        for (const method of methods) {
          for (const path of paths) {
            if (useFor(rules, method, path) !== 'public') continue;
            expect([method, path, isOpen(entries, method, path)]).toEqual([method, path, true]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are the same where no entry is negated', async () => {
    const entries = ['GET=^/a$', '^/b', 'POST=public', '^/admin/'];
    const rules = await rulesFor({ flags: [...basic, flagOf(entries)] });
    for (const method of methods) {
      for (const path of paths) {
        const isPublic = useFor(rules, method, path) === 'public';
        expect([method, path, isPublic]).toEqual([method, path, isOpen(entries, method, path)]);
      }
    }
  });

  it('say what else they open, and keep the client’s own Authorization as before', () => {
    const { yaml, report } = imported({ flags: [...basic, '--skip-auth-route=/hook', '--skip-auth-regex=^/'] });
    expect(yaml).toContain('opens every path that has this anywhere in it');
    expect(yaml).toContain('opens every path!');
    expect(report).toContain('"/hook" matches anywhere in a path');
    expect(parse(yaml).rules[1]).toEqual({ path: { regex: '.*/hook.*' }, use: 'public', keepAuthorization: true });
    const stripped = imported({ flags: [...basic, '--skip-auth-route=/hook', '--pass-authorization-header'] });
    expect(parse(stripped.yaml).rules[0]).not.toHaveProperty('keepAuthorization');
  });

  it('are not made of what oauth2-proxy reads as a method', () => {
    const { yaml, report } = imported({ flags: [...basic, '--skip-auth-route=^/a\\?x=1'] });
    expect(parse(yaml).rules).toHaveLength(1);
    expect(report).toContain('what stands before = is read as a method');
  });

  it('have preflights beside them where every OPTIONS was open', () => {
    const { yaml } = imported({ flags: [...basic, '--skip-auth-preflight'] });
    expect(parse(yaml).rules.at(-1)).toMatchObject({ use: 'web', passPreflight: true });
  });
});

describe('what cannot be asked for lets nobody in', () => {
  it.each([
    ['--provider=google', '--google-group=ops@example.com'],
    ['--provider=google', '--allowed-group=ops@example.com'],
    ['--provider=github', '--github-org=acme'],
    ['--provider=github', '--github-team=acme:ops'],
    ['--provider=github', '--github-repo=acme/app'],
    ['--provider=github', '--github-user=alice', '--allowed-group=acme'],
    ['--provider=gitlab', '--gitlab-project=acme/app=30'],
    ['--provider=keycloak-oidc', '--oidc-issuer-url=https://kc.example.com', '--allowed-role=boss'],
    ['--provider=oidc', '--oidc-issuer-url=https://id.example.com', '--oidc-email-claim=upn'],
  ])('%s %s', async (...flags) => {
    const { yaml, report } = imported({ flags: [...basic, ...flags, '--skip-auth-route=^/open$'] });
    const { config } = await configurationOf(yaml);
    expect(useFor(config.rules, 'GET', '/')).toBe('deny');
    expect(useFor(config.rules, 'GET', '/open')).toBe('public');
    expect(report).toContain('every request that needs a login is denied');
    expect(yaml).toMatch(/# .*decide who may come in, and write use: web\./);
  });

  it.each([
    ['--email-domain=.example.com,*.corp.example'],
    ['--authenticated-emails-file=/none'],
    ['--htpasswd-file=/x'],
  ])('%s, and nothing beside it', async (flag) => {
    const rules = await rulesFor({ flags: [...client, flag, '--upstream=http://127.0.0.1:8080/'] });
    expect(rules.map(({ use }) => use.kind)).toEqual(['deny']);
  });

  it('keeps to what can be asked for where that is narrower', () => {
    const attempt = {
      flags: [
        ...client,
        '--email-domain=a.example,.b.example',
        '--authenticated-emails-file=emails',
        '--provider=gitlab',
        '--gitlab-group=ops',
        '--gitlab-project=x/y',
      ],
      files: { emails: '# people\nBob@x.example\n"eve@x.example", Eve\n\n' },
    };
    const { yaml, report } = imported(attempt);
    expect(parse(yaml).rules.at(-1).require).toEqual({
      domains: ['a.example'],
      emails: ['Bob@x.example', 'eve@x.example'],
      groups: ['ops'],
    });
    expect(report).toContain('gitlab-project: the membership');
    expect(report).toContain('email-domain: domains are compared exactly');
  });
});

describe('e-mail addresses', () => {
  const oidc = [
    ...client,
    '--upstream=http://127.0.0.1:8080/',
    '--provider=oidc',
    '--oidc-issuer-url=https://id.example.com',
  ];

  it('must be verified as before where any domain may come in', () => {
    const { yaml, report } = imported({ flags: [...oidc, '--email-domain=*'] });
    expect(parse(yaml).rules.at(-1)).toEqual({ name: 'login', use: 'web', require: { verifiedEmail: true } });
    expect(report).toContain('users whose address is not verified are refused');
  });

  it('need not where oauth2-proxy did not ask', () => {
    const { yaml } = imported({ flags: [...oidc, '--email-domain=*', '--insecure-oidc-allow-unverified-email'] });
    expect(parse(yaml)).toMatchObject({ rules: [{ use: 'web' }], providers: { oidc: { allowUnverifiedEmail: true } } });
    expect(parse(yaml).rules[0]).not.toHaveProperty('require');
  });
});

describe('upstreams', () => {
  const upstreams = (...urls: readonly string[]) => [
    ...client,
    '--email-domain=example.com',
    ...urls.map((url) => `--upstream=${url}`),
  ];

  it('that are not the workload are denied until somebody routes them, open paths included', async () => {
    const flags = [
      ...upstreams('http://app:8080/', 'http://api:9000/api/', 'file:///srv/#/files/'),
      '--skip-auth-route=.*',
    ];
    const { config } = await configurationOf(imported({ flags }).yaml);
    expect(config.envoy?.workload).toEqual({ kind: 'tcp', host: 'app', port: 8080 });
    expect(['/', '/api/x', '/files/y'].map((path) => useFor(config.rules, 'GET', path))).toEqual([
      'public',
      'deny',
      'deny',
    ]);
  });

  it('that had some paths alone keep to them', async () => {
    const rules = await rulesFor({ flags: upstreams('http://app:8080/app/', 'http://app:8080/one') });
    expect(['/', '/app/x', '/one', '/one/more'].map((path) => useFor(rules, 'GET', path))).toEqual([
      undefined,
      'mode',
      'mode',
      undefined,
    ]);
  });

  it.each([['https://app.example.net/'], ['static://202'], ['file:///srv/']])('%s: no Envoy is written', (url) => {
    const { yaml, report } = imported({ flags: upstreams(url) });
    expect(parse(yaml)).not.toHaveProperty('envoy');
    expect(report).toContain('--upstream: ');
  });

  it('of an alpha configuration that rewrite paths are denied', async () => {
    const alpha = `
providers: [{provider: google, clientID: app, clientSecret: s}]
upstreamConfig:
  upstreams:
    - {id: a, path: /, uri: "http://app:8080"}
    - {id: b, path: "^/baz/(.*)$", rewriteTarget: /foo/$1, uri: "http://app:8080"}`;
    const rules = await rulesFor({ alpha, flags: client.slice(2).concat('--email-domain=example.com') });
    expect(['/', '/baz/x'].map((path) => useFor(rules, 'GET', path))).toEqual(['mode', 'deny']);
  });
});

describe('headers and tokens', () => {
  const headersWith = (...flags: readonly string[]) => parse(imported({ flags: [...basic, ...flags] }).yaml).modes.web;

  it('are those of oauth2-proxy, and no token that it did not pass', () => {
    expect(headersWith()).toMatchObject({
      headers: {
        'X-Forwarded-User': 'sub',
        'X-Forwarded-Email': 'email',
        'X-Forwarded-Preferred-Username': 'preferred_username',
      },
      forwardAccessToken: false,
    });
    expect(headersWith('--pass-basic-auth=false', '--pass-user-headers=false')).toMatchObject({ headers: {} });
    expect(headersWith('--prefer-email-to-user').headers).toMatchObject({ 'X-Forwarded-User': 'email' });
    expect(headersWith('--pass-access-token')).toMatchObject({ forwardAccessToken: true });
    expect(headersWith('--pass-authorization-header')).toMatchObject({ forwardAccessToken: false });
  });

  it('never carry anything but claims of the user', () => {
    const alpha = `
providers: [{provider: google, clientID: app, clientSecret: s}]
injectRequestHeaders:
  - {name: X-Token, values: [{claimSource: {claim: id_token}}]}
  - {name: X-Secret, values: [{secretSource: {value: c2VjcmV0}}]}
  - {name: X-Org, values: [{claimSource: {claim: org}}]}
  - {name: Authorization, values: [{claimSource: {claim: user, prefix: "Basic ", basicAuthPassword: {value: c2VjcmV0}}}]}`;
    const { yaml, report } = imported({ alpha, flags: [client[2] ?? '', '--email-domain=example.com'] });
    expect(parse(yaml).modes.web).toMatchObject({ headers: { 'X-Org': 'org' }, forwardAccessToken: false });
    expect(report).toContain('the header X-Secret cannot be made');
    expect(`${yaml}${report}`).not.toContain('c2VjcmV0');
  });
});

it.each([
  ['__Host-app', 'app-sallyport'],
  ['_my_cookie', 'my-cookie'],
  ['_oauth2_proxy', undefined],
  ['__Secure-X', 'x'],
])('the cookie %s gets a name of its own: %s', (given, ours) => {
  expect(parse(imported({ flags: [...basic, `--cookie-name=${given}`] }).yaml).modes.web.cookie?.name).toBe(ours);
});

it('seals sessions in cookies, or keeps them in Redis, as before', () => {
  const redis = ['--session-store-type=redis', '--redis-connection-url=rediss://redis:6380'];
  const [sealed, stored] = [basic, [...basic, ...redis]].map((flags) => parse(imported({ flags }).yaml));
  expect([sealed.store.type, sealed.modes.web.state]).toEqual(['memory', 'sealed']);
  expect([stored.store.url, stored.modes.web.state]).toEqual(['rediss://redis:6380', undefined]);
});
