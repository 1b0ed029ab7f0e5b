import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationOf, type ImportAttempt, imported } from '../../../../test/support/imported.ts';

const basic = ['--client-id=app', '--client-secret=canary', '--email-domain=example.com'];
const site = '--redirect-url=https://app.example.com/oauth2/callback';
const workload = '--upstream=http://127.0.0.1:8080/';

/** Installations as the documentation of oauth2-proxy and its contrib folder have them. */
const installations: readonly (readonly [what: string, attempt: ImportAttempt])[] = [
  [
    'Dex on a developer’s machine',
    {
      cfg: `
http_address="0.0.0.0:4180"
cookie_secret="OQINaROshtE9TcZkNAm-5Zs2Pv3xaWytBmc5W7sPX7w="
email_domains="example.com"
cookie_secure="false"
upstreams="http://httpbin.localtest.me:8080"
cookie_domains=[".localtest.me"] # Required so cookie can be read on all subdomains.
whitelist_domains=[".localtest.me"]
client_secret="b2F1dGgyLXByb3h5LWNsaWVudC1zZWNyZXQK"
client_id="oauth2-proxy"
redirect_url="http://oauth2-proxy.localtest.me:4180/oauth2/callback"
oidc_issuer_url="http://dex.localtest.me:5556/dex"
provider="oidc"
provider_display_name="Dex"`,
    },
  ],
  [
    'Gitea, as GitHub',
    {
      cfg: `
email_domains=["localhost"]
cookie_secure="false"
upstreams="http://httpbin"
client_id="ef0c2b91"
client_secret="gto_qdpp"
redirect_url="http://oauth2-proxy.localtest.me:4180/oauth2/callback"
provider="github"
provider_display_name="Gitea"
login_url="http://gitea.localtest.me:3000/login/oauth/authorize"
redeem_url="http://gitea.localtest.me:3000/login/oauth/access_token"
validate_url="http://gitea.localtest.me:3000/api/v1/user/emails"`,
    },
  ],
  [
    'nginx or Traefik before it, nothing behind it',
    {
      cfg: `
http_address="0.0.0.0:4180"
provider="oidc"
email_domains=["example.com"]
oidc_issuer_url="https://dex.example.com/dex"
client_id="oauth2-proxy"
redirect_url="https://oauth2-proxy.example.com/oauth2/callback"
reverse_proxy="true"
set_xauthrequest=true
upstreams="static://202"
skip_provider_button="true"`,
      environment: { OAUTH2_PROXY_CLIENT_SECRET: 'canary', OAUTH2_PROXY_COOKIE_SECRET: 'canary' },
    },
  ],
  ['Google', { flags: [...basic, site, workload, '--cookie-refresh=1h', '--pass-access-token'] }],
  [
    'GitHub, some users',
    {
      flags: [...basic.slice(0, 2), '--email-domain=*', '--provider=github', '--github-user=alice,bob', site, workload],
    },
  ],
  ['GitLab', { flags: [...basic, '--provider=gitlab', '--gitlab-group=ops', site, workload] }],
  [
    'Keycloak',
    {
      flags: [
        ...basic,
        ...[
          '--provider=keycloak-oidc',
          '--oidc-issuer-url=https://kc.example.com/realms/main',
          '--allowed-group=/admins',
        ],
        ...['--allowed-role=boss', '--code-challenge-method=S256', site, workload],
      ],
    },
  ],
  [
    'Keycloak, as it was done before',
    {
      flags: [
        ...basic,
        ...['--provider=keycloak', '--login-url=https://kc.example.com/auth/realms/main/protocol/openid-connect/auth'],
        ...[
          '--redeem-url=https://kc.example.com/auth/realms/main/protocol/openid-connect/token',
          '--keycloak-group=/a',
        ],
        ...[site, workload],
      ],
    },
  ],
  [
    'Entra ID for some tenants',
    {
      cfg: `
provider="entra-id"
oidc_issuer_url="https://login.microsoftonline.com/common/v2.0"
client_id="app"
client_secret="canary"
insecure_oidc_skip_issuer_verification=true
scope="openid profile email User.Read"
entra_id_allowed_tenants=["9188040d-6c67-4c5b-b112-36a304b66dad","3f2504e0-4f89-11d3-9a0c-0305e82c3301"]
email_domains="*"
upstreams="unix:///run/app.sock"
redirect_url="https://app.example.com/oauth2/callback"`,
    },
  ],
  [
    'Azure',
    { flags: [...basic, '--provider=azure', '--azure-tenant=3f2504e0-4f89-11d3-9a0c-0305e82c3301', site, workload] },
  ],
  [
    'Entra ID with a federated token',
    {
      flags: [
        ...basic.slice(0, 1),
        '--email-domain=*',
        '--provider=entra-id',
        '--oidc-issuer-url=https://login.microsoftonline.com/3f2504e0-4f89-11d3-9a0c-0305e82c3301/v2.0',
        '--entra-id-federated-token-auth',
        site,
        workload,
      ],
    },
  ],
  [
    'ADFS behind a private authority',
    {
      flags: [
        ...basic,
        ...['--provider=adfs', '--oidc-issuer-url=https://adfs.example.com/adfs', '--provider-ca-file=/etc/ca.pem'],
        ...[site, workload],
      ],
    },
  ],
  [
    'login.gov',
    {
      flags: [
        ...[
          '--provider=login.gov',
          '--client-id=urn:gov:gsa:app',
          '--oidc-issuer-url=https://idp.int.identitysandbox.gov/',
        ],
        ...['--jwt-key-file=/etc/ssl/private/jwt.pem', '--email-domain=gsa.gov', '--cookie-secure=false'],
        ...['--redirect-url=http://localhost:4180/oauth2/callback', '--upstream=http://localhost:3000/'],
      ],
    },
  ],
  [
    'an OpenID provider without discovery',
    {
      flags: [
        ...basic,
        ...['--provider=oidc', '--oidc-issuer-url=http://127.0.0.1:5556', '--skip-oidc-discovery'],
        ...['--login-url=http://127.0.0.1:5556/authorize', '--redeem-url=http://127.0.0.1:5556/token'],
        ...['--oidc-jwks-url=http://127.0.0.1:5556/keys', '--cookie-secure=false', workload],
        '--redirect-url=http://127.0.0.1:4180/oauth2/callback',
      ],
    },
  ],
  ['Facebook', { flags: [...basic, '--provider=facebook', site, workload] }],
  ['DigitalOcean', { flags: [...basic, '--provider=digitalocean', site, workload] }],
  ['LinkedIn', { flags: [...basic, '--provider=linkedin', site, workload] }],
  [
    'Nextcloud',
    {
      flags: [
        ...[...basic, '--provider=nextcloud', '--login-url=https://nc.example.com/index.php/apps/oauth2/authorize'],
        '--redeem-url=https://nc.example.com/index.php/apps/oauth2/api/v1/token',
        ...['--validate-url=https://nc.example.com/ocs/v2.php/cloud/user?format=json', site, workload],
      ],
    },
  ],
  [
    'Redis with Sentinel, TLS at the edge, many options',
    {
      flags: [
        ...[...basic, site, '--session-store-type=redis', '--redis-use-sentinel', '--redis-sentinel-master-name=main'],
        '--redis-sentinel-connection-urls=rediss://user:canary@s1:26379/2,rediss://s2:26379/2',
        ...['--redis-sentinel-password=canary', '--redis-password=canary', '--redis-ca-path=/etc/redis-ca.pem'],
        ...['--tls-cert-file=/etc/tls/tls.crt', '--tls-key-file=/etc/tls/tls.key', '--metrics-address=:9100'],
        ...['--cookie-name=__Host-app', '--cookie-expire=12h', '--skip-auth-preflight', '--api-route=^/api'],
        ...['--skip-auth-route=GET=^/health$,^/static/', '--skip-auth-regex=^/docs', '--ping-path=/ping'],
        ...[
          '--upstream=http://app:8080/app/',
          '--upstream=http://app:8080/other',
          '--upstream=https://api.example.com/api/',
        ],
        ...['--proxy-prefix=/sso', '--redirect-url=https://app.example.com/sso/callback', '--auth-logging=false'],
      ],
    },
  ],
  [
    'Redis Cluster',
    {
      flags: [
        ...[...basic, site, workload, '--session-store-type=redis', '--redis-use-cluster'],
        '--redis-cluster-connection-urls=redis://:canary@r1:6379,redis://r2:6379',
      ],
    },
  ],
  [
    'alpha configuration',
    {
      cfg: 'email_domains="example.com"\nredirect_url="http://oauth2-proxy.localtest.me:4180/oauth2/callback"\ncookie_secure=false',
      alpha: `
upstreamConfig:
  upstreams:
    - {id: httpbin, path: /, uri: "http://httpbin"}
injectRequestHeaders:
- name: X-Forwarded-Groups
  values: [{claim: groups}]
- name: X-Forwarded-User
  values: [{claimSource: {claim: user}}]
- name: Authorization
  values: [{claimSource: {claim: access_token, prefix: "Bearer "}}]
providers:
- provider: oidc
  clientSecret: \${CLIENT_SECRET}
  clientID: oauth2-proxy
  oidcConfig: {issuerURL: "http://dex.localhost:4190/dex", insecureSkipNonce: false}
  loginURLParameters: [{name: prompt, default: [login]}]
server: {bindAddress: "0.0.0.0:4180"}`,
    },
  ],
];

describe('sallyport.yaml for oauth2-proxy', () => {
  it.each(installations)('%s: is accepted by the loader', async (_what, attempt) => {
    const { yaml } = imported(attempt);
    const { config } = await configurationOf(yaml);
    expect(config.providers.size).toBeGreaterThan(0);
    expect(config.rules.length).toBeGreaterThan(0);
  });

  it.each(installations)('%s: every option has a line in the report', (_what, attempt) => {
    const { report } = imported(attempt);
    const keys = [...(attempt.cfg ?? '').matchAll(/^([a-z_]+)=/gm)].map(([, key = '']) => key);
    const defaults = ['tls_min_version'];
    for (const key of keys.filter((each) => !defaults.includes(each))) expect(report).toContain(key);
  });

  it('has no secret in it, wherever one stood, nor has the report (G8)', () => {
    const flags = [
      ...[...basic, site, '--upstream=http://user:canary@app:8080/', '--cookie-secret=canary', '--github-token=canary'],
      ...[
        '--basic-auth-password=canary',
        '--signature-key=sha1:canary',
        '--session-store-type=redis',
        '--jwt-key=canary',
      ],
      ...['--redis-connection-url=redis://user:canary@redis:6379/0', '--redis-sentinel-password=canary'],
      ...[
        '--redis-sentinel-connection-urls=redis://:canary@s:1',
        '--redis-cluster-connection-urls=redis://:canary@c:1',
      ],
    ];
    const { yaml, report } = imported({ flags });
    expect(`${yaml}${report}`).not.toContain('canary');
    expect(parse(yaml).store).toEqual({
      type: 'redis',
      url: 'redis://redis:6379/0',
      username: 'user',
      password: { env: 'OAUTH2_PROXY_REDIS_PASSWORD' },
    });
    expect(report).toContain('redis-connection-url: the password in it is not in the result');
    expect(report).toContain('--client-secret: the value is not in the result');
  });

  it('refers to the variable or the file that a secret comes from', () => {
    const fromFile = imported({
      flags: ['--client-id=a', '--email-domain=x.example', '--client-secret-file=/run/s', site],
    });
    expect(parse(fromFile.yaml).providers.google.clientSecret).toEqual({ file: '/run/s' });
    const environment = { OAUTH2_PROXY_CLIENT_SECRET: 'canary', OAUTH2_PROXY_CLIENT_ID: 'a' };
    const fromVariable = imported({ environment, flags: ['--email-domain=x.example', site] });
    expect(parse(fromVariable.yaml).providers.google.clientSecret).toEqual({ env: 'OAUTH2_PROXY_CLIENT_SECRET' });
    expect(fromVariable.report).not.toContain('CLIENT_SECRET: the value');
  });

  it('cannot be broken out of by what an option holds', async () => {
    const evil = '/a\nrules: [{use: public}]\n#';
    const { yaml } = imported({
      flags: [...basic, site, workload, `--skip-auth-route=^/x${evil}`],
    });
    const { config } = await configurationOf(yaml);
    expect(config.rules.at(-1)?.use.kind).toBe('mode');
  });
});
