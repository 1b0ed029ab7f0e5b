import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminWorld, startAdminWorld } from '../support/admin-world.ts';
import { type CommandOutcome, runCommand } from '../support/terminal.ts';

// The decision table, asked of the configuration alone and of what serves it.

let world: AdminWorld;
let alice: string;
let bob: string;

const app = 'https://app.example.com';

beforeAll(async () => {
  world = await startAdminWorld((config) => {
    config['origins'] = [app, 'https://*.apps.example.com'];
    config['modes'].other = { mode: 'session', provider: 'idp', basePath: '/_other', cookie: { name: 'other' } };
    config['rules'] = [
      { name: 'assets', path: { prefix: '/public' }, use: 'public' },
      { name: 'internal', path: { prefix: '/internal' }, use: 'deny' },
      { name: 'api', path: { prefix: '/api' }, methods: ['PUT'], use: 'web', passPreflight: true },
      { name: 'admins', path: { prefix: '/admin' }, use: 'web', require: { groups: ['admins'] } },
      { name: 'shop', path: { prefix: '/shop' }, use: 'web', require: { optional: true } },
      { name: 'tenant', hosts: ['*.apps.example.com'], context: { tenant: 'a' }, use: 'other' },
      { name: 'everything', hosts: ['app.example.com'], methods: ['GET', 'POST'], use: 'web' },
    ];
  });
  alice = await world.begin();
  bob = await world.begin({ subject: 'bob', claims: new Map([['sub', 'bob']]) });
});

async function explained(words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, out, err } = await runCommand(['explain', ...words, '--format', 'json', '--config', world.configFile]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

const running = ['--running'];
const script = ['--header', 'Sec-Fetch-Mode: cors'];

describe('a request without a session', () => {
  it.each<[what: string, words: readonly string[], rule: string | undefined, decision: string, status: number | null]>([
    ['ambiguous', ['GET', `${app}/a%2fb`], undefined, 'bad_request', 400],
    ['with dot segments', ['GET', `${app}/public/../admin`], undefined, 'bad_request', 400],
    ['too large', ['GET', `${app}/`, '--header', `X: ${'y'.repeat(100_000)}`], undefined, 'too_large', 431],
    ['for an unknown host', ['GET', 'https://evil.example/public'], undefined, 'unknown_host', 403],
    [
      'that is a preflight',
      ['OPTIONS', `${app}/api/x`, '-H', 'Origin: https://spa.example', '-H', 'Access-Control-Request-Method: PUT'],
      '3 api',
      'forward',
      null,
    ],
    ['to a public rule', ['GET', `${app}/public/logo.svg`], '1 assets', 'forward', null],
    ['to a rule that denies', ['GET', `${app}/internal`], '2 internal', 'refuse', 403],
    ['of a person', ['GET', `${app}/x?y=z`, '--browser'], '7 everything', 'login', 302],
    ['of a script', ['GET', `${app}/x`, ...script], '7 everything', 'unauthenticated', 401],
    ['with a body', ['POST', `${app}/x`, '--browser'], '7 everything', 'unauthenticated', 401],
    ['where a session is optional', ['GET', `${app}/shop/cart`], '5 shop', 'anonymous', null],
    [
      'by the context of Envoy',
      ['GET', 'https://b.apps.example.com/', '--context', 'tenant=a', '--browser'],
      '6 tenant',
      'login',
      302,
    ],
    ['that no rule matches', ['DELETE', `${app}/x`], undefined, 'refuse', 403],
    ['to a page of ours', ['GET', `${app}/_auth/login`], undefined, 'own_page', null],
  ])('%s', async (_, words, rule, decision, status) => {
    const offline = await explained(words);
    const found = offline['rule'] as { readonly number: number; readonly name: string } | null;
    expect([
      found === null ? undefined : `${found.number} ${found.name}`,
      offline['decision'],
      offline['status'],
    ]).toEqual([rule, decision, status]);
    expect(await explained([...words, ...running])).toEqual(offline);
  });
});

describe('a request with a session', () => {
  const cookie = (id: string) => ['--cookie', `__Host-sallyport=${id}`];

  it.each<[what: string, url: string, decision: string, status: number | null, reason: string]>([
    ['forwarded', '/x', 'forward', null, 'session_live'],
    ['of an admin', '/admin', 'forward', null, 'session_live'],
    ['where it is optional', '/shop', 'forward', null, 'session_live'],
  ])('%s, as only a running instance knows', async (_, path, decision, status, reason) => {
    const words = ['GET', `${app}${path}`, ...cookie(alice)];
    const answer = await explained([...words, ...running]);
    expect(answer).toMatchObject({
      decision,
      status,
      reason,
      session: { user: { sub: 'alice', email: 'alice@example.com' } },
      notes: [],
    });
    expect(JSON.stringify(answer)).not.toContain('canary');
    const offline = await explained(words);
    expect(offline['session']).toBeNull();
    expect(offline['notes']).toContain(
      'The request brings a cookie of ours, and only a running instance knows its session: add --running, or --admin URL.',
    );
  });

  it('of a user who is not in the group: 403, with the reason and never a login', async () => {
    const answer = await explained(['GET', `${app}/admin`, '--browser', ...cookie(bob), ...running]);
    expect(answer).toMatchObject({ decision: 'refuse', status: 403, reason: 'group_not_allowed' });
    expect(answer).toMatchObject({
      rule: { number: 4, name: 'admins' },
      session: { user: { sub: 'bob', groups: [] } },
    });
  });

  it('of another instance: none for this one', async () => {
    const id = await world.begin({ instance: 'other' });
    const answer = await explained(['GET', `${app}/x`, '--browser', ...cookie(id), ...running]);
    expect(answer).toMatchObject({ decision: 'login', reason: 'other_instance', session: { instance: 'other' } });
  });

  it('explaining ends, extends and begins nothing', async () => {
    const before = await world.call('GET', '/v1/sessions');
    for (let asked = 0; asked < 3; asked += 1) await explained(['GET', `${app}/x`, ...cookie(alice), ...running]);
    expect((await world.call('GET', '/v1/sessions')).text).toBe(before.text);
  });
});

describe('for people', () => {
  const said = async (...words: readonly string[]): Promise<CommandOutcome> =>
    await runCommand(['explain', ...words, '--config', world.configFile]);

  it('says rule, place, decision and why each rule before it does not match', async () => {
    const { code, out } = await said('GET', `${app}/admin/users`, '--browser');
    expect(code).toBe(0);
    // The YAML of this test stands in one line for each rule and its parts; the numbers are those of the file.
    expect(out.replace(/ \(\S+:\d+\)/g, ' (place)')).toBe(`GET ${app}/admin/users

  answer   302, to the login
  rule     4 "admins" (place), use: web
  reason   no_session

The browser is sent to log in. The request brings no session that is known here.

Rules before it that do not match:
  1 "assets" (place): the path is not /public and below
  2 "internal" (place): the path is not /internal and below
  3 "api" (place): the method is not PUT; the path is not /api and below
`);
    expect(out).toMatch(/sallyport\.yaml:\d+\)/);
  });

  it('hints at what a newcomer meets: a program gets 401 where a person is redirected', async () => {
    const { out } = await said('GET', `${app}/x`);
    expect(out).toContain('try --browser');
  });

  it('shows the session of a running instance', async () => {
    const { out } = await said('GET', `${app}/x`, '--cookie', `__Host-sallyport=${alice}`, '--running');
    expect(out).toContain('The session of its cookie:\n  name      ');
    expect(out).toContain('alice@example.com');
  });

  it.each([
    [['GET', '/relative'], 2, 'URL: expected an absolute one'],
    [['GET', `${app}/`, '--header', 'none'], 2, '--header: expected "Name: value"'],
    [['GET', `${app}/`, '--cookie', 'none'], 2, '--cookie: expected name=value'],
    [['GET', `${app}/`, '--context', 'none'], 2, '--context: expected key=value'],
    [['GET', `${app}/`, '--admin', 'http://127.0.0.1:1'], 1, '--admin needs --token-file'],
    [['GET', `${app}/`, '--admin', 'ftp://x', '--token-file', '/dev/null'], 1, '--admin: expected http://host:port'],
    [['GET'], 2, "missing required argument 'url'"],
  ])('%j: says what is wrong with the words', async (words, code, problem) => {
    const outcome = await said(...words);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(problem);
    expect(outcome.out).toBe('');
  });

  it('lets no control character through to the terminal', async () => {
    const { out } = await said('GET', `${app}/\u001b[31m`);
    expect(out).not.toContain('\u001b');
  });
});
