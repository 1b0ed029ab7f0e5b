import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationOf } from '../../../../test/support/imported.ts';
import { importOauthAgent, type Sources } from './import.ts';
import { originalVariables, ownVariables } from './variables.ts';

const key = '00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978';

/** The least that the original needs, without its defaults for secrets. */
const least = {
  CLIENT_ID: 'spa',
  CLIENT_SECRET: 'canary-secret',
  REDIRECT_URI: 'https://www.example.com/',
  COOKIE_ENCRYPTION_KEY: key,
  ISSUER: 'https://login.example.com',
};

const development = {
  TRUSTED_WEB_ORIGIN: 'http://localhost:3000',
  REDIRECT_URI: 'http://localhost:3000/',
  COOKIE_DOMAIN: 'localhost',
};

function importOf(environment: Readonly<Record<string, string>>, sources: Partial<Sources> = {}, files = {}) {
  const texts = new Map<string, string>(Object.entries(files));
  return importOauthAgent(
    { environmentFile: undefined, environment, origins: [], ...sources },
    { readText: (path) => texts.get(path), heading: ['Test.'] },
  );
}

function imported(environment: Readonly<Record<string, string>>, sources?: Partial<Sources>, files?: object) {
  const result = importOf(environment, sources, files);
  if (result.kind === 'failed') throw new Error(`the import failed: ${JSON.stringify(result.problems)}`);
  return { yaml: result.yaml, report: result.report.join('\n'), document: parse(result.yaml) };
}

/** The problems of an environment that has some. */
function problemsOf(environment: Readonly<Record<string, string>>) {
  const result = importOf(environment);
  if (result.kind === 'done') throw new Error('there is a result');
  return result.problems;
}

const agentWith = (settings: object) => ({ modes: { agent: settings } });
const providerWith = (settings: object) => ({ providers: { login: settings } });

describe('each variable of the original', () => {
  it.each<readonly [variables: Readonly<Record<string, string>>, becomes: object]>([
    [{}, providerWith({ clientId: 'spa', clientSecret: { env: 'CLIENT_SECRET' }, scopes: ['openid', 'profile'] })],
    [{ CLIENT_ID: 'other' }, providerWith({ clientId: 'other' })],
    [{ REDIRECT_URI: 'https://www.example.com/cb' }, agentWith({ redirectUri: 'https://www.example.com/cb' })],
    [
      { POST_LOGOUT_REDIRECT_URI: 'https://www.example.com/bye' },
      agentWith({ postLogoutRedirectUri: 'https://www.example.com/bye' }),
    ],
    [{ SCOPE: 'openid  orders' }, providerWith({ scopes: ['openid', 'orders'] })],
    [{}, agentWith({ state: 'sealed', version1: { key: { env: 'COOKIE_ENCRYPTION_KEY' }, write: true } })],
    [{}, agentWith({ cookie: { prefix: 'example' }, basePath: '/oauth-agent', cors: { enabled: true } })],
    [{ COOKIE_NAME_PREFIX: 'shop' }, agentWith({ cookie: { prefix: 'shop' } })],
    [{}, agentWith({ trustedOrigins: ['https://www.example.com'] })],
    [
      { TRUSTED_WEB_ORIGIN: 'https://www.example.com, https://b.example.com' },
      agentWith({ trustedOrigins: ['https://www.example.com', 'https://b.example.com'] }),
    ],
    [{ CORS_ENABLED: 'false' }, agentWith({ cors: { enabled: false } })],
    [{ COOKIE_DOMAIN: '.example.com' }, agentWith({ cookie: { prefix: 'example', domain: 'example.com' } })],
    [{ COOKIE_BASE_PATH: '/shop/agent/' }, agentWith({ basePath: '/shop/agent' })],
    [{ COOKIE_BASE_PATH: '/' }, agentWith({ basePath: '/oauth-agent' })],
    [{ ISSUER: 'https://other.example.com/realm' }, providerWith({ issuer: 'https://other.example.com/realm' })],
    [
      {
        AUTHORIZE_ENDPOINT: 'https://login.example.com/a',
        TOKEN_ENDPOINT: 'https://internal.example.com/t',
        USERINFO_ENDPOINT: 'https://login.example.com/u',
        LOGOUT_ENDPOINT: 'https://login.example.com/l',
      },
      providerWith({
        endpoints: {
          authorization_endpoint: 'https://login.example.com/a',
          token_endpoint: 'https://internal.example.com/t',
          userinfo_endpoint: 'https://login.example.com/u',
          end_session_endpoint: 'https://login.example.com/l',
        },
      }),
    ],
    [{}, { listen: { authz: '127.0.0.1:4180', http: '127.0.0.1:4181', ops: '127.0.0.1:4182' } }],
    [{ PORT: '4180' }, { listen: { authz: '127.0.0.1:4183', http: '127.0.0.1:4180', ops: '127.0.0.1:4182' } }],
    [{ SALLYPORT_LISTEN_HTTP: 'unix:/run/s.sock', PORT: '80' }, { listen: { http: 'unix:/run/s.sock' } }],
    [{ SALLYPORT_LISTEN_OPS: '0.0.0.0:9000' }, { listen: { ops: '0.0.0.0:9000' } }],
    [{ ISSUER: 'http://localhost:8443' }, providerWith({ allowHttp: true })],
    [{ ISSUER: 'http://idp', SALLYPORT_ALLOW_HTTP: 'true' }, providerWith({ allowHttp: true })],
    [development, agentWith({ cookie: { insecureHttp: true } })],
    [
      { SALLYPORT_ORIGINS: 'http://api.example.com', SALLYPORT_ALLOW_HTTP: 'true' },
      agentWith({ cookie: { insecureHttp: true } }),
    ],
    [
      { USERINFO_ENDPOINT: 'http://localhost:9/u', SALLYPORT_ALLOW_HTTP: 'true' },
      providerWith({ issuer: 'https://login.example.com', allowHttp: true }),
    ],
    [{ NODE_ENV: 'production' }, { store: { type: 'memory' }, rules: [{ use: 'agent' }] }],
  ])('%j', async (variables, becomes) => {
    const { yaml, report, document } = imported({ ...least, ...variables });
    expect(document).toMatchObject(becomes);
    await expect(configurationOf(yaml)).resolves.toBeDefined();
    for (const name of Object.keys({ ...least, ...variables })) expect(report).toContain(name);
    expect(yaml + report).not.toMatch(/canary|00112233/);
  });

  it.each(['POST_LOGOUT_REDIRECT_URI', 'COOKIE_DOMAIN'])('leaves no setting behind for an empty %s', (name) => {
    expect(imported({ ...least, [name]: '' }).document).toEqual(imported(least).document);
  });

  it('is in docs/migrate-oauth-agent.md', async () => {
    const guide = await readFile(new URL('../../../../docs/migrate-oauth-agent.md', import.meta.url), 'utf8');
    for (const { name } of [...originalVariables, ...ownVariables]) expect(guide).toContain(`| \`${name}\` |`);
  });
});

describe('where browsers reach the APIs, which the original does not know', () => {
  it.each([
    [{ SALLYPORT_ORIGINS: 'https://a.example.com,https://b.example.com', COOKIE_DOMAIN: 'example.com' }, undefined],
    [{ COOKIE_DOMAIN: 'api.example.com', TRUSTED_WEB_ORIGIN: 'https://www.example.com' }, 'COOKIE_DOMAIN'],
    [{ TRUSTED_WEB_ORIGIN: 'https://www.example.com' }, 'TRUSTED_WEB_ORIGIN'],
  ])('%j', (variables, told) => {
    const { document, report } = imported({ ...least, ...variables });
    expect(document.origins).toEqual(
      told === undefined
        ? ['https://a.example.com', 'https://b.example.com']
        : [told === 'COOKIE_DOMAIN' ? 'https://api.example.com' : 'https://www.example.com'],
    );
    const line = `  ${told}: ${document.origins[0]} is taken for the address of the APIs`;
    if (told === undefined) expect(report).not.toContain('is taken for the address');
    else expect(report).toContain(line);
  });

  it('is http where the application is', () => {
    expect(imported({ ...least, ...development }).document.origins).toEqual(['http://localhost']);
  });

  it('is what --origin says before anything else', () => {
    const { document } = imported(
      { ...least, SALLYPORT_ORIGINS: 'https://a.example.com' },
      { origins: ['https://x.y'] },
    );
    expect(document.origins).toEqual(['https://x.y']);
  });
});

describe('what nobody should run is an error that names the variable and the fix', () => {
  const { CLIENT_SECRET: _secret, ...withoutSecret } = least;

  it.each(Object.keys(least))('a missing %s: there are no default secrets', (name) => {
    const missing = Object.fromEntries(Object.entries(least).filter(([other]) => other !== name));
    expect(problemsOf(missing)).toContainEqual({
      subject: name,
      problem: expect.stringMatching(/^a required variable is missing: /),
      suggestion: 'set it: there is no default',
    });
  });

  it('a variable under another name', () => {
    expect(problemsOf({ ...withoutSecret, CLIENT_SECRETS: 'canary' })).toEqual([
      { subject: 'CLIENT_SECRET', problem: expect.any(String), suggestion: 'rename CLIENT_SECRETS' },
    ]);
  });

  it.each([
    ['COOKIE_ENCRYPTION_KEY', '0'.repeat(64), /weak key/],
    ['COOKIE_ENCRYPTION_KEY', 'NF65meV>Ls#8GP>;!Cnov)rIPRoK^.NP', /64 hexadecimal digits/],
    ['COOKIE_ENCRYPTION_KEY', '4E4636356d65563e4c73233847503e3b21436e6f7629724950526f4b5e2e4e50', /published sample/],
    ['ISSUER', 'http://login.example.com', /in the clear/],
    ['TOKEN_ENDPOINT', 'http://login.example.com/t', /in the clear/],
    ['USERINFO_ENDPOINT', 'http://localhost:9/u', /to the whole provider, whose ISSUER is not http on this machine/],
    ['CORS_ENABLED', 'yes', /expected true or false/],
    ['SALLYPORT_ALLOW_HTTP', '1', /expected true or false/],
    ['PORT', '70000', /expected a number from 1 to 65535/],
  ])('%s=%s', (name, value, problem) => {
    const problems = problemsOf({ ...least, [name]: value });
    expect(problems).toMatchObject([{ subject: name, problem: expect.stringMatching(problem) }]);
    expect(JSON.stringify(problems)).not.toContain(value);
  });

  it.each<readonly [variables: Readonly<Record<string, string>>, name: string, problem: RegExp]>([
    [{ COOKIE_DOMAIN: 'api.example.com', SALLYPORT_ORIGINS: 'https://example.com' }, 'COOKIE_DOMAIN', /no such cookie/],
    [{ REDIRECT_URI: 'https://www.example.com/oauth-agent/cb' }, 'REDIRECT_URI', /answers at COOKIE_BASE_PATH and/],
  ])('%j, which do not work together', (variables, subject, problem) => {
    expect(problemsOf({ ...least, ...variables })).toEqual([
      { subject, problem: expect.stringMatching(problem), suggestion: expect.any(String) },
    ]);
  });

  it.each<readonly [variables: Readonly<Record<string, string>>, name: string, fix: RegExp]>([
    [{ SALLYPORT_ORIGINS: 'http://api.example.com' }, 'SALLYPORT_ORIGINS', /; .*SALLYPORT_ALLOW_HTTP=true$/],
    [{ SALLYPORT_ORIGINS: 'http://localhost,http://a.example.com' }, 'SALLYPORT_ORIGINS', /ALLOW_HTTP=true$/],
    [
      { SALLYPORT_ORIGINS: 'https://a.example.com,http://b.example.com', SALLYPORT_ALLOW_HTTP: 'true' },
      'SALLYPORT_ORIGINS',
      /see$/,
    ],
    [{ TRUSTED_WEB_ORIGIN: 'http://www.example.com' }, 'TRUSTED_WEB_ORIGIN', /, here or, .* in SALLYPORT_ORIGINS;/],
    [{ ...development, COOKIE_DOMAIN: 'a.example.com' }, 'TRUSTED_WEB_ORIGIN', /in SALLYPORT_ORIGINS;/],
    [{ REDIRECT_URI: 'http://www.example.com/', TRUSTED_WEB_ORIGIN: '' }, 'REDIRECT_URI', /in SALLYPORT_ORIGINS;/],
  ])('%j: cookies lose Secure on this machine alone, not for a site behind a proxy', (variables, subject, fix) => {
    const found = problemsOf({ TRUSTED_WEB_ORIGIN: 'https://www.example.com', ...least, ...variables });
    const problem = expect.stringMatching(/^browsers would reach http:\S+\.example\.com over plain HTTP/);
    expect(found).toEqual([{ subject, problem, suggestion: expect.stringMatching(fix) }]);
    expect(found[0]?.suggestion).toMatch(/^write the https origin that browsers see/);
  });

  it('a file that cannot be read', () => {
    expect(importOf({}, { environmentFile: 'agent.env' })).toEqual({
      kind: 'failed',
      problems: [{ subject: 'agent.env', problem: 'the file cannot be read', suggestion: undefined }],
    });
  });
});

describe('what a person should look at', () => {
  it.each<readonly [variables: Readonly<Record<string, string>>, line: string]>([
    [
      { TRUSTED_WEB_ORIGINS: 'x' },
      'TRUSTED_WEB_ORIGINS: the OAuth agent knows no such variable: did you mean TRUSTED_WEB_ORIGIN?',
    ],
    [{ COOKIE_PREFIX: 'x' }, 'did you mean COOKIE_NAME_PREFIX?'],
    [{}, 'TRUSTED_WEB_ORIGIN: it is not set: https://www.example.com is trusted'],
    [{}, 'CORS_ENABLED: a trusted origin is where the APIs are'],
    [
      { CORS_ENABLED: 'false', SALLYPORT_ORIGINS: 'https://api.example.com' },
      'TRUSTED_WEB_ORIGIN: its pages are on another origin than the APIs: without CORS they can read no answer (set CORS_ENABLED=true, or remove this origin)',
    ],
    [{ PORT: '8080' }, 'PORT: the agent listens on 127.0.0.1:8080, on loopback alone'],
    [{ ISSUER: 'http://localhost:1' }, 'ISSUER: the provider is asked over plain HTTP'],
    [development, 'TRUSTED_WEB_ORIGIN: cookies have no Secure'],
    [{ SALLYPORT_ORIGINS: 'http://127.0.0.1:8080' }, 'SALLYPORT_ORIGINS: cookies have no Secure'],
    [
      { SALLYPORT_ORIGINS: 'http://api.example.com', SALLYPORT_ALLOW_HTTP: 'true' },
      'SALLYPORT_ORIGINS: cookies have no Secure',
    ],
    [{ COOKIE_BASE_PATH: '/' }, 'COOKIE_BASE_PATH: the whole host cannot be the agent'],
  ])('%j', (variables, line) => {
    expect(imported({ ...least, ...variables }).report).toContain(line);
  });

  it('does not take variables of other programs for misspelled ones', () => {
    const others = {
      PATH: '/bin',
      HOME: '/',
      OTEL_ENDPOINT: 'x',
      POSTGRES_URL: 'x',
      TOKEN: 'x',
      HOSTNAME: 'x',
      TERM: 'x',
    };
    expect(imported({ ...least, ...others }).report).not.toContain('did you mean');
  });

  it('takes a file in place of the environment', () => {
    const text = Object.entries({ ...least, CLIENT_ID: '"from file"' }).map(([name, value]) => `${name}=${value}\n`);
    const { document } = imported({ CLIENT_ID: 'other', PORT: '1' }, { environmentFile: 'f' }, { f: text.join('') });
    expect(document).toMatchObject({
      listen: { http: '127.0.0.1:4181' },
      providers: { login: { clientId: 'from file' } },
    });
  });
});
