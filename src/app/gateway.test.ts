import { describe, expect, it } from 'vitest';
import { navigation } from '../../test/support/browser-headers.ts';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { type HttpRequestParts, httpRequest } from '../../test/support/http-request.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { ruleOf } from '../../test/support/rule.ts';
import type { Rule, RuleUse } from '../core/rules/match.ts';
import type { Forward, Reply } from '../core/verdict.ts';
import type { ModeInstance, Pass, RequestFacts } from '../modes/mode.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import { createGateway, type GatewaySnapshot } from './gateway.ts';

const publicUse: RuleUse = { kind: 'public', keepsAuthorization: false };
const webUse: RuleUse = { kind: 'mode', instance: 'web', requirements: { groups: ['staff'] } };

function rule(name: string, prefix: string, use: RuleUse, parts: Partial<Rule> = {}): Rule {
  return ruleOf({ name, path: { kind: 'prefix', prefix }, use, ...parts });
}

/** An instance that lets everything through as alice, or says what a test hands it. */
function instanceThat(authorize: ModeInstance['authorize']): ModeInstance {
  return {
    basePath: undefined,
    ownCookies: ['__Host-sallyport', '__Host-sallyport-login'],
    identityHeaders: ['x-user'],
    authorize,
    explain: async () => ({ decision: 'login', reason: 'no_session' }),
    routes: undefined,
  };
}

const asAlice: Pass = {
  kind: 'pass',
  setHeaders: [
    ['authorization', 'Bearer ours'],
    ['x-user', 'alice'],
  ],
  responseHeadersIfAbsent: [['cache-control', 'private, no-store']],
};

const snapshot: GatewaySnapshot = {
  origins: ['https://app.example.com', 'http://localhost:8080'],
  rules: [
    rule('open', '/public', publicUse),
    rule('open with credentials', '/basic', { kind: 'public', keepsAuthorization: true }),
    rule('closed', '/closed', { kind: 'deny' }),
    rule('nowhere', '/nowhere', { kind: 'mode', instance: 'missing', requirements: {} }),
    rule('the issuer', '/issuer', { kind: 'mode', instance: 'issuer', requirements: {} }),
    rule('local', '/local', publicUse, { origins: new Set(['http://localhost:8080']) }),
    rule('application', '/app', webUse),
  ],
  instances: new Map([
    ['web', instanceThat(async () => asAlice)],
    ['issuer', instanceThat(undefined)],
  ]),
  stripHeaders: ['x-original-url', 'x-rewrite-url', 'X-HTTP-Method-Override'],
  headerLimits: { maxHeaderBytes: 98_304, maxHeaderCount: 200 },
};

async function check(parts: HttpRequestParts, changes: Partial<GatewaySnapshot> = {}): Promise<Forward | Reply> {
  return await createGateway({ ...snapshot, ...changes }, recordingTelemetry(), fixedClock()).authorize(
    httpRequest(parts),
  );
}

it('takes a slash at the end for no other path where it would only open a protected one (P8)', async () => {
  const rules = [
    rule('report', '', { kind: 'deny' }, { path: { kind: 'exact', path: '/report' } }),
    rule('rest', '', publicUse, { path: { kind: 'any' } }),
  ];
  expect(await check({ target: '/report/' }, { rules })).toMatchObject({ kind: 'reply', status: 400 });
  expect(await check({ target: '/report' }, { rules })).toMatchObject({ kind: 'reply', status: 403 });
  for (const target of ['/', '/reports/', '/report/x']) {
    expect((await check({ target }, { rules })).kind).toBe('forward');
  }
});

async function forward(parts: HttpRequestParts): Promise<Forward> {
  const verdict = await check(parts);
  if (verdict.kind !== 'forward') throw new Error(`refused: ${verdict.body}`);
  return verdict;
}

describe('what the gateway refuses before any rule', () => {
  it.each([
    ['/public/../app'],
    ['/public/%2e%2e/app'],
    ['/public%2fapp'],
    ['/public//app'],
    ['/public/..;/app'],
    ['/public\\app'],
    ['/public#x'],
    [''],
    ['*'],
    ['http://app.example.com/public'],
  ])('an ambiguous target: %j is 400 (P1-P5, P7, P9)', async (target) => {
    expect(await check({ target })).toMatchObject({ kind: 'reply', status: 400 });
  });

  it.each([[''], ['a b'], ['user@app.example.com'], ['[::1'], ['app.example.com,app.example.com']])(
    'an authority that is no host: %j is 400 (P10)',
    async (authority) => {
      expect(await check({ authority, target: '/public' })).toMatchObject({ kind: 'reply', status: 400 });
    },
  );

  it.each([
    ['evil.example'],
    ['sub.app.example.com'],
    ['app.example.com:80'],
    ['app.example.com:8443'],
    ['127.0.0.1'],
    ['__proto__'],
  ])('a host that is not configured: %s is 403, public path or not; there is no fallback (P10)', async (authority) => {
    expect(await check({ authority, target: '/public' })).toMatchObject({ kind: 'reply', status: 403 });
    expect(await check({ authority, target: '/app' })).toMatchObject({ kind: 'reply', status: 403 });
  });

  it.each(['/public', '/basic', '/app'])('two Authorization headers: 400 on %s (H6)', async (target) => {
    const headers = { authorization: ['Basic YTph', 'Bearer x'] };
    expect(await check({ target, headers })).toMatchObject({ kind: 'reply', status: 400 });
  });
});

describe('what rules could be read past', () => {
  it.each(['get', 'Post', 'GET ', '', 'PRI*', 'A_B'])(
    'the method %j: 400, as a workload may take it for another (P8)',
    async (method) => {
      expect(await check({ method, target: '/public' })).toMatchObject({ kind: 'reply', status: 400 });
    },
  );

  it('TRACE: 403, as a workload that echoes it would tell the browser the access token', async () => {
    expect(await check({ method: 'TRACE', target: '/public' })).toMatchObject({ kind: 'reply', status: 403 });
    expect(await check({ method: 'TRACE', target: '/app' })).toMatchObject({ kind: 'reply', status: 403 });
  });

  it.each(['/closed%3fx', '/closed%23x', '/public%3F/closed', '/app%23'])(
    '%s: 400, as the rule depends on how an encoded mark is read (P5)',
    async (target) => {
      expect(await check({ target })).toMatchObject({ kind: 'reply', status: 400 });
    },
  );

  it('an encoded mark where the rule is the same either way is no reason (P5)', async () => {
    expect((await check({ target: '/public/C%23/what%3f' })).kind).toBe('forward');
  });
});

describe('what rules decide', () => {
  it('denies what no rule names, and what a rule denies, in a page or JSON', async () => {
    for (const target of ['/', '/closed', '/closed/x', '/other', '/application']) {
      expect(await check({ target })).toMatchObject({ kind: 'reply', status: 403 });
      const page = await check({ target, headers: navigation });
      expect(page).toMatchObject({ kind: 'reply', status: 403 });
    }
  });

  it('denies when a rule names an instance that is not there, or that decides nothing (G2)', async () => {
    for (const target of ['/nowhere', '/issuer']) {
      expect(await check({ target })).toMatchObject({ kind: 'reply', status: 403 });
    }
  });

  it('denies everything without rules', async () => {
    expect(await check({ target: '/public' }, { rules: [] })).toMatchObject({ kind: 'reply', status: 403 });
  });

  it('finds the rule by the decoded path and the configured origin', async () => {
    expect(await forward({ target: '/%70ublic' })).toMatchObject({ setHeaders: [] });
    expect(await forward({ target: '/%61pp/x' })).toMatchObject({ setHeaders: asAlice.setHeaders });
    expect((await check({ target: '/local' })).kind).toBe('reply');
    expect((await check({ target: '/local', authority: 'LOCALHOST.:8080' })).kind).toBe('forward');
  });

  it('is not moved by anything that a header says about path, host or method (H8, H9, H11)', async () => {
    const headers = {
      'x-original-url': '/public',
      'x-rewrite-url': '/public',
      'x-forwarded-uri': '/public',
      'x-forwarded-host': 'localhost:8080',
      'x-forwarded-proto': 'http',
      forwarded: 'host="localhost:8080"',
      'x-http-method-override': 'OPTIONS',
    };
    expect(await check({ target: '/closed', headers })).toMatchObject({ kind: 'reply', status: 403 });
    const facts: RequestFacts[] = [];
    const web = instanceThat(async (_request, each) => {
      facts.push(each);
      return asAlice;
    });
    await check({ target: '/app', headers }, { instances: new Map([['web', web]]) });
    expect(facts).toEqual([{ origin: 'https://app.example.com', rule: 'application', rejected: undefined }]);
  });

  it('hands the requirements of the rule and the request itself to the mode', async () => {
    const asked: unknown[] = [];
    const web = instanceThat(async (request, _facts, requirements) => {
      asked.push(request.target, requirements);
      return asAlice;
    });
    await check({ target: '/app?x=1' }, { instances: new Map([['web', web]]) });
    expect(asked).toEqual(['/app?x=1', { groups: ['staff'] }]);
  });

  it('passes a reply of the mode on as it is', async () => {
    const reply: Reply = { kind: 'reply', status: 302, headers: [['location', 'https://idp.example/']], body: '' };
    const web = instanceThat(async () => reply);
    expect(await check({ target: '/app' }, { instances: new Map([['web', web]]) })).toBe(reply);
  });

  it.each([new StoreUnavailableError('find'), new Error('a defect')])(
    'lets %s out: whoever serves it refuses (G2, I4)',
    async (error) => {
      const web = instanceThat(async () => {
        throw error;
      });
      await expect(check({ target: '/app' }, { instances: new Map([['web', web]]) })).rejects.toBe(error);
    },
  );
});

describe('what the gateway forwards', () => {
  const forged = {
    'x-user': ['mallory', 'mallory'],
    x_user: 'mallory',
    'x.user': 'mallory',
    'x-auth-request-groups': 'admins',
    x_auth_request_user: 'mallory',
    'x-sallyport-start': '0',
    'x-forwarded-user': 'mallory',
    'x-forwarded-email': 'mallory',
    'x-forwarded-groups': 'mallory',
    'x-forwarded-preferred-username': 'mallory',
    'x-forwarded-access-token': 'mallory',
    'proxy-authorization': 'Basic eDp5',
    'x-original-url': '/x',
    'x-http-method-override': 'DELETE',
    x_http_method_override: 'DELETE',
  };

  it('has nothing forged on a public rule, Authorization included (H2, H3, H13, ADR 5)', async () => {
    const verdict = await forward({
      target: '/public',
      headers: { ...forged, authorization: 'Bearer x', accept: '*/*' },
    });
    expect(verdict.setHeaders).toEqual([]);
    expect([...verdict.removeHeaders].sort()).toEqual([...Object.keys(forged), 'authorization'].sort());
  });

  it('has ours once where a mode agrees, in place of the client’s (H1, H5)', async () => {
    const verdict = await forward({ target: '/app', headers: { ...forged, authorization: 'Basic YTph' } });
    expect(verdict.setHeaders).toEqual(asAlice.setHeaders);
    expect(verdict.responseHeadersIfAbsent).toEqual(asAlice.responseHeadersIfAbsent);
    expect([...verdict.removeHeaders].sort()).toEqual(
      Object.keys(forged)
        .filter((name) => name !== 'x-user')
        .sort(),
    );
  });

  it('keeps the client’s Authorization on a public rule that says so, and never beside a mode’s (H5)', async () => {
    const headers = { authorization: 'Basic YTph' };
    expect((await forward({ target: '/basic', headers })).removeHeaders).toEqual([]);
    const silent = instanceThat(async () => ({ kind: 'pass', setHeaders: [], responseHeadersIfAbsent: [] }));
    expect(await check({ target: '/app', headers }, { instances: new Map([['web', silent]]) })).toMatchObject({
      removeHeaders: ['authorization'],
    });
  });

  it.each(['/public', '/app'])(
    'has no cookie of any instance on %s, and every other one as it came (H14)',
    async (target) => {
      const cookie = 'a=1; __Host-sallyport=id; b="x y"; __Host-sallyport-login=s';
      expect((await forward({ target, headers: { cookie } })).setHeaders).toContainEqual(['cookie', 'a=1; b="x y"']);
      expect((await forward({ target, headers: { cookie: '__Host-sallyport=id' } })).removeHeaders).toContain('cookie');
    },
  );
});

describe('what the gateway tells the log', () => {
  it('is the reason and the rule, and nothing of the request (G8)', async () => {
    const telemetry = recordingTelemetry();
    const gateway = createGateway(snapshot, telemetry, fixedClock());
    const headers = { authorization: 'Bearer canary', cookie: 'canary=1' };
    await gateway.authorize(httpRequest({ target: '/closed?canary', headers }));
    await gateway.authorize(httpRequest({ target: '/canary//x', headers }));
    await gateway.authorize(httpRequest({ authority: 'canary.example', headers }));
    await gateway.authorize(httpRequest({ target: '/canary', headers }));
    expect(telemetry.events).toEqual([
      { name: 'request_refused', fields: { outcome: 'access_denied', reason: 'the rule denies', rule: 'closed' } },
      { name: 'request_refused', fields: { outcome: 'invalid_request', reason: 'the path has an empty segment' } },
      { name: 'request_refused', fields: { outcome: 'unknown_host', reason: 'the host is not configured' } },
      { name: 'request_refused', fields: { outcome: 'access_denied', reason: 'no rule matches' } },
    ]);
    expect(telemetry.text()).not.toContain('canary');
  });
});
