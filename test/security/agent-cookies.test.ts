// More than 300 lines: one table of cookies, and each way to change them, all against two worlds.
import { beforeAll, describe, expect, it } from 'vitest';
import { type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin } from '../support/agent-world.ts';
import { agentWorlds, states } from '../support/agent-worlds.ts';
import { attempt, expectDenied, soleRequest } from '../support/attack.ts';
import type { KeptCookie } from '../support/cookie-jar.ts';
import { sendAll } from '../support/pipeline.ts';
import { type RawAnswer, rawGet } from '../support/raw-http.ts';
import type { ConfigDocument } from '../support/world.ts';

/** Further instances of each world, beside `spa`: where they are, and what their cookies are called. */
const hostOnly = { basePath: '/host-agent', cookie: { hostOnly: true, prefix: 'host' } };
const elsewhere = { basePath: '/other/agent', cookie: { prefix: 'other', basePath: '/other' } };

const further = {
  rules: [
    { path: { prefix: '/host' }, use: 'host' },
    { path: { prefix: '/other' }, use: 'other' },
    { path: { prefix: '/api' }, use: 'spa' },
  ],
  adjust: (config: ConfigDocument) => {
    const { spa } = config['modes'];
    Object.assign(config['modes'], { host: { ...spa, ...hostOnly }, other: { ...spa, ...elsewhere } });
    // It is the default there.
    if (spa.state === 'store') config['modes'].host.cookie = { prefix: 'host' };
  },
};

const worldOf = agentWorlds({ store: { state: 'store', ...further }, sealed: { state: 'sealed', ...further } });

type State = (typeof states)[number];

/** A client of another instance. */
function clientOf(
  world: AgentWorld,
  { basePath, cookie: { prefix: cookiePrefix } }: typeof hostOnly | typeof elsewhere,
) {
  return createAgentClient({ ...world, basePath, cookiePrefix });
}

const at = ({ name, path }: KeptCookie) => `${name} ${path}`;

/** Cookies that are there, but the one that remembers which sealed sessions have ended. */
const left = (client: AgentClient) =>
  client.jar
    .all()
    .filter(({ name }) => !name.endsWith('-out'))
    .map(at);

/** Attributes without those that say when the cookie ends. */
function placeOf({ attributes }: KeptCookie): string {
  return [...attributes]
    .filter(([name]) => name !== 'max-age' && name !== 'expires')
    .sort()
    .join('; ');
}

describe.each(states)('S1 a login where there is a session, state %s', (state) => {
  it('takes over no cookie that the browser brought, and ends what they led to', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const before = client.fork();
    await client.logIn();
    for (const { name, value } of client.jar.all()) expect([name, before.jar.value(name)]).not.toEqual([name, value]);
    expect(client.csrf).not.toBe(before.csrf);
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    // Sealed, a copy lives until its end, as documented; in this browser it would be over.
    const mixed = client.fork();
    for (const { name, value } of before.jar.all()) mixed.jar.put(name, value);
    for (const old of state === 'store' ? [before, mixed] : [mixed]) {
      expect((await old.session()).json()).toEqual({ isLoggedIn: false });
      expect((await old.api('/api/x')).status).toBe(401);
    }
  });
});

describe.each(states)('S3 the cookies of an agent, state %s', (state) => {
  it('cannot be read by scripts, go to no other site, and end with the browser or the session', async () => {
    for (const client of [await worldOf(state).logIn(), clientOf(worldOf(state), hostOnly)]) {
      if (client.csrf === undefined) await client.logIn();
      expect(client.jar.all().length).toBeGreaterThan(1);
      for (const { attributes } of client.jar.all()) {
        for (const flag of ['httponly', 'secure']) expect(attributes.get(flag)).toBe('');
        expect(attributes.get('samesite')).toBe('Strict');
        expect(attributes.has('domain')).toBe(false);
        expect(Number(attributes.get('max-age') ?? 0)).toBeLessThanOrEqual(12 * 3600);
      }
    }
  });

  it.each([
    ['default', undefined],
    ['__Host- names', hostOnly],
    ['other names and paths', elsewhere],
  ] as const)('are all gone after logout, each deleted where it was set: %s', async (_, instance) => {
    const world = worldOf(state);
    const client = instance === undefined ? world.newClient() : clientOf(world, instance);
    // Of a login that was begun and never ended, too.
    await client.logIn();
    await client.startLogin();
    const kept = client.jar.all();
    expect(kept.map(({ name }) => name)).toContainEqual(expect.stringMatching(/-login$/));
    if (instance === hostOnly) for (const { name } of kept) expect(name).toMatch(/^__Host-host-/);
    if (instance === elsewhere) expect(kept.filter(({ path }) => path === '/other').length).toBeGreaterThan(0);
    const copy = client.fork();
    const answer = await client.logout();
    expect(answer.status).toBe(200);
    expect(left(client)).toEqual([]);
    for (const set of kept) {
      const deletions = answer.values('set-cookie').filter((line) => line.startsWith(`${set.name}=`));
      const fork = copy.fork();
      expect(fork.jar.all().map(placeOf)).toContain(placeOf(set));
      for (const line of deletions) fork.jar.keep(line);
      expect(fork.jar.all().map(at)).not.toContain(at(set));
    }
    expect(answer.values('clear-site-data')).toEqual(['"cache"']);
  });

  it('are all gone when the session is over', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.provider.answerRefresh((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    });
    const answer = await client.refresh();
    expect([answer.status, answer.json()['code']]).toEqual([401, 'session_expired']);
    expect(left(client)).toEqual([]);
    expect((await client.session()).json()).toEqual({ isLoggedIn: false });
  });
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A value with each bit of base64url flipped, bits that carry nothing as well; `few`: one bit of each character. */
function flips(value: string, few: boolean): readonly string[] {
  return [...value].flatMap((character, index) => {
    const code = alphabet.indexOf(character);
    const others =
      code < 0 ? ['A'] : (few ? [1 << (index % 6)] : [1, 2, 4, 8, 16, 32]).map((bit) => alphabet[code ^ bit]);
    return others.map((other) => `${value.slice(0, index)}${other}${value.slice(index + 1)}`);
  });
}

/** A value cut after every character but the last; `few`: after every fifth, and wherever a tag is cut short. */
const truncations = (value: string, few: boolean) =>
  Array.from({ length: value.length - 1 }, (_, index) => index + 1)
    .filter((length) => !few || length % 5 === 0 || length > value.length - 24)
    .map((length) => value.slice(0, length));

/** Everything of an answer but what is different each time. */
function shapeOf({ status, headers, body }: RawAnswer): string {
  const lines = headers.filter(([name]) => name !== 'date').map((header) => header.join(': '));
  return [status, ...lines, body].join('\n');
}

/** A request with a cookie in which one value is another; the lines are those of the page. */
interface Probe {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function bytesOf(world: AgentWorld, client: AgentClient, { method, path, body = '' }: Probe, cookie: string): string {
  const lines = [`Host: ${world.host}`, `Origin: ${spaOrigin}`, `Cookie: ${cookie}`, `Content-Length: ${body.length}`];
  const further = [
    'Content-Type: application/json',
    ...(client.csrf === undefined ? [] : [`X-Example-CSRF: ${client.csrf}`]),
  ];
  return [`${method} ${path} HTTP/1.1`, ...lines, ...further, '', body].join('\r\n');
}

const isGone = (client: AgentClient, name: string) => {
  const fork = client.fork();
  fork.jar.delete(name);
  return fork;
};

/** Where a cookie is used, and what the request then shows; the right value shows `good`. */
const probes: readonly (readonly [
  purpose: string,
  states: readonly State[],
  probe: Probe,
  good: number,
  bad: number,
])[] = [
  ['at', states, { method: 'GET', path: '/api/x' }, 200, 401],
  ['csrf', states, { method: 'POST', path: '/api/x' }, 200, 401],
  ['auth', ['sealed'], { method: 'POST', path: '/oauth-agent/refresh' }, 204, 401],
  ['id', ['sealed'], { method: 'GET', path: '/oauth-agent/claims' }, 200, 401],
];

const cases = probes.flatMap(([purpose, of, probe, good, bad]) =>
  of.map((state) => ({ name: `example-${purpose}`, state, probe, good, bad })),
);

/** Sends a request with each of the values in place of the cookie. */
async function sendWith(
  { state, probe, name }: (typeof cases)[number],
  client: AgentClient,
  values: readonly string[],
): Promise<readonly RawAnswer[]> {
  const others = isGone(client, name).jar.headerFor(probe.path);
  return await sendAll(
    worldOf(state).port,
    values.map((value) => bytesOf(worldOf(state), client, probe, `${others}; ${name}=${value}`)),
  );
}

describe.each(cases)('S4 $name, state $state', (tested) => {
  const { name, state, good, bad } = tested;

  it('opens nothing with any bit flipped, or cut anywhere (S5): one answer for all', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.reset();
    const value = client.jar.value(name) ?? '';
    expect(value.length).toBeGreaterThan(20);
    const [garbage] = await sendWith(tested, client, ['foreign']);
    expect(garbage?.status).toBe(bad);
    const few = value.length > 250;
    const changed = [...flips(value, few), ...truncations(value, few), `${value}A`, `${value}=`];
    const answers = await sendWith(tested, client, changed);
    const shape = garbage === undefined ? '' : shapeOf(garbage);
    const others = answers.flatMap((answer, index) => (shapeOf(answer) === shape ? [] : [[changed[index], answer]]));
    expect(others.length, `${shape}\n${JSON.stringify(others[0])}`).toBe(0);
    expect(world.upstream.requests).toEqual([]);
    expect(world.provider.count('token')).toBe(0);
    const [right] = await sendWith(tested, client, [value]);
    expect(right?.status).toBe(good);
  });
});

describe.each(states)('S4 example-login, state %s', (state) => {
  it('finishes nothing with any bit flipped, or cut anywhere; what was not changed still does', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const started = await client.startLogin();
    const pageUrl = await client.followLogin(String(started.json()['authorizationRequestUrl']));
    world.provider.reset();
    const value = client.jar.value('example-login') ?? '';
    const probe = { method: 'POST', path: '/oauth-agent/login/end', body: JSON.stringify({ pageUrl }) };
    const changed = ['foreign', ...flips(value, false), ...truncations(value, false)];
    const answers = await sendAll(
      world.port,
      changed.map((each) => bytesOf(world, client, probe, `example-login=${each}`)),
    );
    expect(new Set(answers.map(shapeOf)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ code: 'unauthorized_request' });
    expect(world.provider.count('token')).toBe(0);
    expect((await client.endLogin(pageUrl)).json()).toMatchObject({ handled: true });
  });
});

describe('S5 a tag cut short', () => {
  it.each(cases.filter(({ state }) => state === 'sealed'))('is refused at every length: $name', async (tested) => {
    const client = await worldOf('sealed').logIn();
    const bytes = Buffer.from(client.jar.value(tested.name) ?? '', 'base64url');
    const cut = Array.from({ length: 16 }, (_, index) =>
      bytes.subarray(0, bytes.length - 1 - index).toString('base64url'),
    );
    const answers = await sendWith(tested, client, cut);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([tested.bad]));
  });
});

describe('S6 values that changed places', () => {
  it.each(cases)('open nothing in $name, state $state', async (tested) => {
    const world = worldOf(tested.state);
    const client = await world.logIn();
    await client.startLogin();
    const neighbour = clientOf(world, elsewhere);
    await neighbour.logIn();
    await neighbour.startLogin();
    const foreign = [
      ...client.jar.all().filter(({ name }) => name !== tested.name),
      // Of another instance on the same keys: the one with the same purpose too.
      ...neighbour.jar.all(),
    ];
    expect(foreign.length).toBeGreaterThan(tested.state === 'sealed' ? 8 : 4);
    world.upstream.clear();
    const answers = await sendWith(
      tested,
      client,
      foreign.map(({ value }) => value),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([tested.bad]));
    expect(world.upstream.requests).toEqual([]);
  });

  it.each(cases.filter(({ name }) => name !== 'example-at'))(
    'are none of this session when they are of another of the same user: $name, state $state',
    async (tested) => {
      const world = worldOf(tested.state);
      const [client, other] = [await world.logIn(), await world.logIn()];
      world.reset();
      const [answer] = await sendWith(tested, client, [other.jar.value(tested.name) ?? '']);
      expect(answer?.status).toBe(tested.bad);
      expect(world.upstream.requests).toEqual([]);
      expect(world.provider.count('token')).toBe(0);
    },
  );

  it('are no session for the agent as a whole', async () => {
    const world = worldOf('sealed');
    const [client, other] = [await world.logIn(), await world.logIn()];
    for (const name of ['example-at', 'example-auth', 'example-id']) {
      const mixed = client.fork();
      mixed.jar.put(name, other.jar.value(name) ?? '');
      expect((await mixed.session()).json()).toEqual({ isLoggedIn: false });
      expect((await mixed.refresh()).status).toBe(401);
    }
    expect((await client.session()).json()).toMatchObject({ isLoggedIn: true });
  });
});

describe('S7 tokens that take more than one cookie', () => {
  const large = (letter: string) => letter.repeat(6000);
  const chunks = (client: AgentClient) => client.jar.all().filter(({ name }) => /^example-at(?:\.\d)?$/.test(name));

  async function logInWith(letter: string): Promise<AgentClient> {
    const world = worldOf('sealed');
    world.provider.edit('token', (body) => ({ ...body, access_token: large(letter) }));
    // It does not know this token.
    world.provider.answer('userinfo', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"alice"}');
    });
    const client = await world.logIn();
    world.upstream.clear();
    return client;
  }

  it('work, and leave no chunk behind when the next token is small, or after logout', async () => {
    const world = worldOf('sealed');
    const client = await logInWith('a');
    expect(chunks(client).length).toBe(3);
    expect((await client.api('/api/x')).status).toBe(200);
    expect(world.upstream.requests[0]?.values('authorization')).toEqual([`Bearer ${large('a')}`]);
    expect(world.upstream.requests[0]?.values('cookie')).toEqual([]);
    const other = client.fork();
    world.reset();
    expect((await client.refresh()).status).toBe(204);
    expect(chunks(client).map(({ name }) => name)).toEqual(['example-at']);
    expect((await client.api('/api/x')).status).toBe(200);
    await other.logout();
    expect(left(other)).toEqual([]);
  });

  it('are no session when chunks are missing, mixed, reordered, doubled or too many', async () => {
    const world = worldOf('sealed');
    const [own, other] = [chunks(await logInWith('a')), chunks(await logInWith('b'))];
    const pairs = own.map(({ name, value }) => [name, value] as const);
    const [first, second, third] = pairs;
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three chunks');
    const client = world.newClient();
    const statusWith = async (cookies: readonly (readonly [string, string])[]) => {
      const cookie = cookies.map((pair) => pair.join('=')).join('; ');
      return (await client.api('/api/x', { headers: { cookie } })).status;
    };
    expect(await statusWith(pairs)).toBe(200);
    expect(await statusWith([third, second, first])).toBe(200);
    world.upstream.clear();
    const bare = (text: string) => text.slice(text.indexOf('.') + 1);
    for (const wrong of [
      [first, second],
      [first, third],
      [second, third],
      [first],
      [second],
      [first, [second[0], third[1]], [third[0], second[1]]],
      [first, second, [third[0], other[2]?.value ?? '']],
      [first, [second[0], other[1]?.value ?? ''], third],
      [[first[0], other[0]?.value ?? ''], second, third],
      [...pairs, ['example-at.3', second[1]]],
      [...pairs, second],
      [first, second, [third[0], '']],
      [[first[0], `2.${bare(first[1])}`], second, third],
      [[first[0], `4.${bare(first[1])}`], second, third],
      [[first[0], bare(first[1])], second, third],
    ] as const) {
      expect([wrong.map(([name]) => name), await statusWith(wrong)]).toEqual([wrong.map(([name]) => name), 401]);
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('S8 one of our cookies twice', () => {
  it.each(cases)('is none: $name, state $state', async (tested) => {
    const world = worldOf(tested.state);
    const [client, other] = [await world.logIn(), await world.logIn()];
    world.reset();
    const value = client.jar.value(tested.name) ?? '';
    const foreign = other.jar.value(tested.name) ?? '';
    const doubled = [value, foreign, '', 'x'].flatMap((each) => [
      `${value}; ${tested.name}=${each}`,
      `${each}; ${tested.name}=${value}`,
    ]);
    const answers = await sendWith(tested, client, doubled);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([tested.bad]));
    expect(world.upstream.requests).toEqual([]);
    expect(world.provider.count('token')).toBe(0);
  });

  it.each(states)(
    'is over with the answer of the agent, which deletes the one that is not ours, state %s',
    async (state) => {
      const client = await worldOf(state).logIn();
      client.jar.keep('example-at=evil; Path=/oauth-agent');
      expect((await client.userInfo()).status).toBe(401);
      expect((await client.userInfo()).status).toBe(200);
      client.jar.keep('example-csrf=evil; Path=/oauth-agent');
      expect((await client.endLogin(spaOrigin)).json()).toMatchObject({ isLoggedIn: true, csrf: expect.any(String) });
      expect((await client.refresh()).status).toBe(204);
      // A login that began beside the stray ones of all kinds.
      for (const name of ['at', 'csrf', 'login']) client.jar.keep(`example-${name}=evil; Path=/oauth-agent/login`);
      await client.logIn();
      expect((await client.api('/api/x')).status).toBe(200);
      expect(client.jar.all().filter(({ value }) => value === 'evil')).toEqual([]);
    },
  );
});

describe.each(states)('S9 odd spellings of our cookies, state %s', (state) => {
  const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  const send = async (client: AgentClient, cookie: string) => {
    const value = client.jar.value('example-at') ?? '';
    const lines = [`Origin: ${spaOrigin}`, `Cookie: ${bytes(cookie.replaceAll('<at>', value))}`];
    const world = worldOf(state);
    return await attempt(world, world.port, rawGet('/api/x', world.host, lines));
  };
  let client: AgentClient;
  beforeAll(async () => {
    client = await worldOf(state).logIn();
  });

  const none = [
    'example-at="<at>"',
    '"example-at"=<at>',
    'example-at=<at>,',
    'example-at==<at>',
    '=example-at=<at>',
    'example-at:<at>',
    'Example-at=<at>',
    'EXAMPLE-AT=<at>',
    'example%2dat=<at>',
    'example_at=<at>',
    'example.at=<at>',
    '__Host-example-at=<at>',
    '__Secure-example-at=<at>',
    '$Version=1,example-at=<at>',
    '$Version="1", example-at="<at>"; $Path="/"',
    'a=1,example-at=<at>',
    '\u00a0example-at=<at>',
    '\u2000example-at=<at>',
    '\ufeffexample-at=<at>',
    'example-at\u00a0=<at>',
    'example-at=\u00a0<at>',
    'example\u2010at=<at>',
    'example-at.0=<at>',
    'example-at.1=<at>',
    'example-at=1.<at>',
  ];

  it('are no session', async () => {
    for (const cookie of none) {
      const denied = await send(client, cookie);
      expect([cookie, denied.answer.status]).toEqual([cookie, 401]);
      expectDenied(denied);
    }
  });

  const beside = [
    ['$Version=1; example-at=<at>; $Path=/', '$Version=1; $Path=/'],
    ['example-at = <at>; a=1', 'a=1'],
    ['\u2000example-at=evil; example-at=<at>', '\u2000example-at=evil'],
    ['"example-at"=evil; example-at=<at>; Example-at=evil', '"example-at"=evil; Example-at=evil'],
  ] as const;

  it('neither hide our cookie nor take its place', async () => {
    for (const [cookie, kept] of beside) {
      const request = soleRequest(await send(client, cookie));
      expect(request.values('authorization')).toEqual([expect.stringMatching(/^Bearer /)]);
      expect(request.values('cookie')).toEqual([bytes(kept)]);
    }
  });
});
