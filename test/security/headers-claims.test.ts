import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, type Ports, portsOf, soleRequest, ways } from '../support/attack.ts';
import { createClient } from '../support/client.ts';
import { rawGet } from '../support/raw-http.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { fullClaims, startHeadersWorld } from './headers-world.ts';

let world: World;
let ports: Ports;

beforeAll(async () => {
  world = await startHeadersWorld();
  ports = await portsOf(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** Logs in with these claims and looks, on each listener, at a request that forges `forged`. */
async function seenWith(
  claims: Readonly<Record<string, unknown>>,
  forged: readonly string[] = [],
  subject = 'alice',
): Promise<readonly RecordedRequest[]> {
  world.provider.logInAs(subject, claims);
  const client = await world.logIn('/');
  const cookie = `Cookie: ${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
  const requests: RecordedRequest[] = [];
  for (const way of ways) {
    requests.push(soleRequest(await attempt(world, ports[way], rawGet('/app', world.host, [cookie, ...forged]))));
  }
  return requests;
}

describe('H4 a claim that is empty or missing', () => {
  const forged = ['X-User-Department: mallory', 'x-user-department: mallory', 'X.User.Department: mallory'];

  it.each([
    ['missing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['an empty list', []],
    ['a list of nothing', ['', null]],
    ['an object', { a: 1 }],
    ['a list of objects', [{ a: 1 }, []]],
  ])('leaves its header absent, never the client’s: %s', async (_what, department) => {
    for (const request of await seenWith({ ...fullClaims, department }, forged)) {
      expect(request.values('x-user-department')).toEqual([]);
      expect(request.values('x.user.department')).toEqual([]);
      expect(request.values('x-auth-request-name')).toEqual(['Alice Adams']);
    }
  });

  it('leaves every header but the subject’s absent where there are no claims at all', async () => {
    const names = [
      'x-auth-request-email',
      'x-auth-request-name',
      'x-auth-request-groups',
      'x-claim-constructor',
      'x-claim-prototype',
    ];
    for (const request of await seenWith(
      {},
      names.map((name) => `${name}: mallory`),
    )) {
      for (const name of names) expect([name, request.values(name)]).toEqual([name, []]);
      expect(request.values('x-auth-request-user')).toEqual(['alice']);
      expect(request.values('remote-user')).toEqual(['alice']);
    }
  });

  it.each([
    [0, '0'],
    [false, 'false'],
    [12.5, '12.5'],
    [['a', 'b'], 'a,b'],
    [['a', '', 1, null, 'b'], 'a,1,b'],
    // No value can pose as two.
    [['a,b', 'c'], 'a%2Cb,c'],
    [['a%2Cb'], 'a%252Cb'],
  ])('is not one that is false or a list: %j', async (department, expected) => {
    for (const request of await seenWith({ ...fullClaims, department }, forged)) {
      expect(request.values('x-user-department')).toEqual([expected]);
    }
  });
});

/** What no header value may hold, or what ends a line, a string or a value somewhere. */
const odd = [
  'a\r\nX-Auth-Request-User: mallory',
  'a\nX-Auth-Request-User: mallory',
  'a\rb',
  '\r\n\r\nGET /admin HTTP/1.1\r\nHost: evil\r\n\r\n',
  'a\0b',
  'a\tb',
  '\u007f',
  '\u0085',
  // Low bytes CR and LF: cut down to latin-1 these end a line.
  'ačĊčĊX-Auth-Request-User: mallory',
  '\u2028\u2029',
  'Zoë Ångström',
  '名前',
  '🍪',
  'e\u0301',
  ' blanks at both ends ',
  ' ',
  '100%',
  '%0d%0aX-Auth-Request-User: mallory',
  '"quoted\\"; a=b, c',
  '\u202egnp.exe',
  '\ufeff',
  `long ${'é'.repeat(2000)}`,
] as const;

describe('H16 claims with odd characters', () => {
  it.each(odd)('reach the workload percent-encoded, on one line, and decode to themselves: %j', async (department) => {
    for (const request of await seenWith({ ...fullClaims, department })) {
      const [value = '', ...further] = request.values('x-user-department');
      expect(further).toEqual([]);
      expect(value).toMatch(/^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/);
      expect(decodeURIComponent(value)).toBe(department);
      expect(request.values('x-auth-request-user')).toEqual(['alice']);
    }
  });

  it('cannot make two claims look the same', async () => {
    const seen = new Set<string>();
    const claims = ['é', '%C3%A9', '%25C3%25A9', 'e\u0301'];
    for (const department of claims) {
      for (const request of await seenWith({ ...fullClaims, department }))
        seen.add(request.values('x-user-department').join());
    }
    expect(seen.size).toBe(claims.length);
  });

  it('that are no Unicode become the replacement character', async () => {
    for (const request of await seenWith({ ...fullClaims, department: 'a\ud800b' })) {
      expect(decodeURIComponent(request.values('x-user-department').join())).toBe('a\ufffdb');
    }
  });

  it('are encoded in the subject too', async () => {
    for (const request of await seenWith(fullClaims, [], 'al\r\nice: ä')) {
      expect(request.values('x-auth-request-user').map(decodeURIComponent)).toEqual(['al\r\nice: ä']);
      expect(request.values('remote-user').map(decodeURIComponent)).toEqual(['al\r\nice: ä']);
    }
  });

  it('are encoded in each text of a list', async () => {
    for (const request of await seenWith({ ...fullClaims, groups: ['a\r\nb', 'ç', 'x,y'] })) {
      expect(request.values('x-auth-request-groups')).toEqual(['a%0D%0Ab,%C3%A7,x%2Cy']);
    }
  });
});

describe('H16 access tokens that no header can carry', () => {
  /** Answers the token request with this token, and userinfo whatever token asks. */
  function issue(accessToken: unknown): void {
    world.provider.edit('token', (body) => ({ ...body, access_token: accessToken }));
    world.provider.answer('userinfo', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"alice"}');
    });
  }

  it('are the only ones that are refused: a token of RFC 6750 arrives as it is', async () => {
    issue('abc.DEF-123_~+/==');
    const client = await world.logIn('/app');
    const answer = await client.open(`${world.origin}/app`);
    expect(answer.status).toBe(200);
    expect(world.upstream.requests.map((request) => request.values('authorization'))).toEqual([
      ['Bearer abc.DEF-123_~+/=='],
      ['Bearer abc.DEF-123_~+/=='],
    ]);
  });

  it.each([
    'canary-token\r\nX-Auth-Request-User: mallory',
    'canary-token\nX-Auth-Request-User: mallory',
    'canary-token\r',
    'canary-token\0',
    'canary-token\t',
    'canary token',
    ' canary-token',
    'canary-token\u010a\u010d',
    'canary-tökén',
    'canary-token\u2028',
    'canary-token\x7f',
    'canary-token,Bearer mallory',
    'canary-token;a',
    'canary-token"',
    '=canary-token',
    '',
    null,
    12,
    ['canary-token'],
    { canary: 'token' },
  ])('end the login without a session: %j', async (accessToken) => {
    issue(accessToken);
    const client = createClient();
    const answer = await client.follow(`${world.origin}/app`);
    expect(answer.status).toBe(400);
    expect(new URL(answer.url).pathname).toBe('/_auth/callback');
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    expect(answer.values('set-cookie').join()).not.toContain(`${sessionCookie}=`);
    expect(world.upstream.requests).toEqual([]);
    // Neither the answer nor a log shows what came.
    expect(answer.body).not.toMatch(/canary|mallory/);
    expect(world.replicas.map((replica) => replica.output()).join()).not.toMatch(/canary-t|mallory/);
    expect((await client.send(`${world.origin}/app`)).status).toBe(401);
  });
});
