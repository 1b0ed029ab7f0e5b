import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentClient } from '../support/agent-client.ts';
import { spaOrigin } from '../support/agent-world.ts';
import { agentWorlds, states } from '../support/agent-worlds.ts';
import {
  changingWays,
  expectNoCorsHeaders,
  expectRefused,
  expectUntouched,
  sendWay,
  type Way,
  waysIn,
} from './agent-checks.ts';

/** Page and APIs at two origins with CORS, for each state, and at one without. */
const worldOf = agentWorlds({
  store: { state: 'store' },
  sealed: { state: 'sealed' },
  'same origin': { state: 'store', cors: false },
});

const kinds = [...states, 'same origin'] as const;

type Kind = (typeof kinds)[number];

/** One that has logged in, for all tests. */
const clients = new Map<Kind, AgentClient>();

beforeAll(async () => {
  for (const kind of kinds) clients.set(kind, await worldOf(kind).logIn());
});

function of(kind: Kind) {
  const client = clients.get(kind);
  if (client === undefined) throw new Error(`no client: ${kind}`);
  return { world: worldOf(kind), client };
}

type OriginLines = string | readonly string[] | undefined;

/** Origins that are not the page's; `API` is the origin of agent and APIs themselves. */
const wrongOrigins: readonly (readonly [string, OriginLines])[] = [
  ['null', 'null'],
  ['empty', ''],
  ['a sibling port', 'http://127.0.0.1:5174'],
  ['no port', 'http://127.0.0.1'],
  ['another scheme', 'https://127.0.0.1:5173'],
  ['another name of the host', 'http://localhost:5173'],
  ['a sibling host', 'http://evil.127.0.0.1:5173'],
  ['a longer port', 'http://127.0.0.1:51730'],
  ['a longer host', 'http://127.0.0.1.evil.example:5173'],
  ['user-info', 'http://127.0.0.1:5173@evil.example'],
  ['a slash at the end', `${spaOrigin}/`],
  ['a path', `${spaOrigin}/callback`],
  ['upper case', 'HTTP://127.0.0.1:5173'],
  ['another spelling of the address', 'http://0x7f000001:5173'],
  ['quotes', `"${spaOrigin}"`],
  ['a foreign one', 'https://evil.example'],
  ['two of them, ours first', [spaOrigin, 'https://evil.example']],
  ['two of them, ours last', ['https://evil.example', spaOrigin]],
  ['ours twice', [spaOrigin, spaOrigin]],
  ['two in one line', `${spaOrigin}, https://evil.example`],
  ['two with a blank', `${spaOrigin} https://evil.example`],
];

const at = ({ method, path }: Way) => `${method} ${path}`;

/** One of each kind, where the others would be asked the same by the same code. */
const fewWays = [
  'POST /oauth-agent/refresh',
  'GET /oauth-agent/session',
  'GET /api/orders?x=1',
  'POST /api/orders',
].flatMap((wanted) => waysIn.filter((way) => at(way) === wanted));

describe.each(states)('B1 Origin, state %s, with CORS', (state) => {
  it.each([['missing', undefined], ...wrongOrigins] as const)('%s: refused everywhere', async (_, origin) => {
    const { world, client } = of(state);
    for (const way of state === 'store' ? waysIn : fewWays) {
      const answer = await sendWay(client, way, { headers: { origin } });
      expectRefused(way, answer, 401);
      expectNoCorsHeaders(answer);
    }
    await expectUntouched(world, client);
  });

  it('the origin of the APIs themselves is none that is trusted', async () => {
    const { world, client } = of(state);
    for (const way of waysIn)
      expectRefused(way, await sendWay(client, way, { headers: { origin: world.origin } }), 401);
    await expectUntouched(world, client);
  });

  it('is asked for before anything is opened: the same answer with cookies and without', async () => {
    const { world } = of(state);
    for (const way of waysIn) {
      const answer = await sendWay(world.newClient(), way, { headers: { origin: 'https://evil.example' } });
      expectRefused(way, answer, 401);
    }
  });
});

describe('B1 Origin, page and APIs at one origin', () => {
  it.each(wrongOrigins)('%s: refused everywhere', async (_, origin) => {
    const { world, client } = of('same origin');
    for (const way of fewWays) {
      const answer = await sendWay(client, way, { headers: { origin } });
      expectRefused(way, answer, 401);
      expectNoCorsHeaders(answer);
    }
    await expectUntouched(world, client);
  });

  it('missing: refused on what changes something, which browsers never send without', async () => {
    const { world, client } = of('same origin');
    for (const way of waysIn.filter(({ method }) => method !== 'GET')) {
      expectRefused(way, await sendWay(client, way, { headers: { origin: undefined } }), 401);
    }
    await expectUntouched(world, client);
  });

  it('missing or ours: fine on GET, and nothing is said about CORS', async () => {
    const { world, client } = of('same origin');
    for (const way of waysIn.filter(({ method }) => method === 'GET')) {
      for (const origin of [undefined, world.origin]) {
        const answer = await sendWay(client, way, { headers: { origin } });
        expect([at(way), answer.status]).toEqual([at(way), 200]);
        expectNoCorsHeaders(answer);
      }
    }
  });
});

describe.each(kinds)('B2 requests that a foreign form could send, %s', (kind) => {
  const safelisted = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];

  it.each(safelisted)('with the cookies and Content-Type %s are refused without the CSRF header', async (type) => {
    const { world, client } = of(kind);
    for (const way of changingWays) {
      for (const body of [way.body ?? '', 'a=1']) {
        const csrf = { 'x-example-csrf': undefined };
        const { status } = await sendWay(client, { ...way, body }, { headers: { ...csrf, 'content-type': type } });
        expect([at(way), status]).toEqual([at(way), 401]);
      }
    }
    await expectUntouched(world, client);
  });

  it.each(safelisted)('from a foreign page and with Content-Type %s are refused: 403 or 401', async (type) => {
    const { world, client } = of(kind);
    const origin = { origin: 'https://evil.example', 'content-type': type };
    for (const way of waysIn) {
      const old = await sendWay(client, { ...way, body: '' }, { headers: { ...origin, 'sec-fetch-site': undefined } });
      expectRefused(way, old, 401);
      const page = await sendWay(client, way, { headers: { ...origin, 'sec-fetch-site': 'cross-site' } });
      expectRefused(way, page, 403);
    }
    await expectUntouched(world, client);
  });
});

describe.each(kinds)('B3 the CSRF token, %s', (kind) => {
  async function expectTaken(client: AgentClient, token: string | readonly string[] | undefined): Promise<void> {
    for (const way of changingWays) {
      expectRefused(way, await sendWay(client, way, { headers: { 'x-example-csrf': token } }), 401);
    }
  }

  it('missing, empty, changed, doubled: refused', async () => {
    const { world, client } = of(kind);
    const token = client.csrf ?? '';
    const changed = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;
    const cookie = client.jar.value('example-csrf') ?? '';
    for (const wrong of [undefined, '', changed, token.slice(0, -1), `${token}A`, token.toUpperCase(), 'undefined']) {
      await expectTaken(client, wrong);
    }
    for (const wrong of [cookie, `${token}, ${token}`, [token, token], [token, ''], 'x'.repeat(8000)]) {
      await expectTaken(client, wrong);
    }
    await expectUntouched(world, client);
  });

  it('of another session, or of before the login: refused', async () => {
    const { world, client } = of(kind);
    const other = await world.logIn();
    const before = other.csrf;
    await other.logIn();
    world.reset();
    expect(other.csrf).not.toBe(before);
    await expectTaken(client, other.csrf);
    await expectTaken(other, before);
    await expectUntouched(world, client);
    world.reset();
    await expectUntouched(world, other);
  });

  it('and its cookie, both of another session: refused, as when a sibling host sets cookies', async () => {
    const { world, client } = of(kind);
    const attacker = await world.logIn();
    world.reset();
    const victim = client.fork();
    victim.jar.put('example-csrf', attacker.jar.value('example-csrf') ?? '');
    await expectTaken(victim, attacker.csrf);
    // And beside the victim's own.
    const headers = { cookie: `${client.jar.headerFor('/api')}; example-csrf=${attacker.jar.value('example-csrf')}` };
    for (const csrf of [attacker.csrf, client.csrf]) {
      const answer = await client.api('/api/x', { method: 'POST', headers: { ...headers, 'x-example-csrf': csrf } });
      expect(answer.status).toBe(401);
    }
    await expectUntouched(world, client);
  });

  it('without its cookie: refused', async () => {
    const { client } = of(kind);
    const without = client.fork();
    without.jar.delete('example-csrf');
    await expectTaken(without, client.csrf);
  });

  it('never reaches the workload, however it is written', async () => {
    const { world, client } = of(kind);
    const token = client.csrf ?? '';
    await client.api('/api/x', { method: 'POST' });
    await client.api('/api/x', { headers: { 'X-Example-CSRF': token } });
    expect(world.upstream.requests).toHaveLength(2);
    expect(JSON.stringify(world.upstream.requests)).not.toContain(token);
  });
});

describe.each(kinds)('B5 logout, %s', (kind) => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('by %s does nothing', async (method) => {
    const { world, client } = of(kind);
    for (const path of ['/oauth-agent/logout', '/oauth-agent/logout?confirm=1', '/oauth-agent/refresh']) {
      const answer = await client.send(path, { method });
      expect([path, answer.status, answer.header('allow')]).toEqual([path, 405, expect.stringMatching(/^POST\b/)]);
      expect(answer.values('set-cookie')).toEqual([]);
      if (method === 'HEAD') expect(answer.body).toBe('');
    }
    await expectUntouched(world, client);
  });

  it('by a method override does nothing', async () => {
    const { world, client } = of(kind);
    const headers = { 'x-http-method-override': 'POST', 'x-http-method': 'POST', 'x-method-override': 'POST' };
    expect((await client.send('/oauth-agent/logout?_method=POST', { headers })).status).toBe(405);
    await expectUntouched(world, client);
  });
});

describe.each(kinds)('B8 cross-site Fetch Metadata, %s', (kind) => {
  it('is refused from a trusted origin too, whatever is asked, with a session and without', async () => {
    const { world, client } = of(kind);
    const modes = kind === 'store' ? ['cors', 'no-cors', 'navigate', 'websocket'] : ['cors'];
    for (const way of waysIn) {
      for (const mode of modes) {
        const metadata = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode };
        for (const who of [client, world.newClient()]) {
          expectRefused(way, await sendWay(who, way, { headers: metadata }), 403);
        }
      }
    }
    await expectUntouched(world, client);
  });
});
