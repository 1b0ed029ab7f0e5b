import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthyAgent } from '../support/agent-aftermath.ts';
import type { AgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin, startAgentWorld } from '../support/agent-world.ts';
import { accessDenied } from './agent-checks.ts';

let world: AgentWorld;
let client: AgentClient;

beforeAll(async () => {
  world = await startAgentWorld({ state: 'store' });
  client = await world.logIn();
});
beforeEach(() => world.reset());
afterEach(() => expectHealthyAgent(world));

const credentials = ['Bearer mallory', 'bearer mallory', 'Basic bWFsbG9yeQ==', 'DPoP mallory', 'mallory'];

/** Everything that the workload saw, as text. */
const seen = () => JSON.stringify(world.upstream.requests);

describe('H5 an Authorization of the client’s own', () => {
  it.each(credentials)('is refused where the rule does not allow it, with a session and without: %s', async (own) => {
    for (const who of [client, world.newClient()]) {
      for (const method of ['GET', 'POST']) {
        const answer = await who.api('/api/x', { method, headers: { authorization: own } });
        expect([answer.status, answer.json()]).toEqual([401, accessDenied]);
        expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
      }
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it.each(credentials)(
    'reaches the workload as it is where the rule allows it, and no token of ours: %s',
    async (own) => {
      for (const who of [client, world.newClient()]) {
        for (const method of ['GET', 'POST']) {
          world.upstream.clear();
          const cookie = `theirs=1; ${client.jar.headerFor('/own')}`;
          const headers = { authorization: own, cookie, 'x-example-csrf': undefined };
          expect((await who.api('/own/x', { method, headers })).status).toBe(200);
          const [request] = world.upstream.requests;
          expect(request?.values('authorization')).toEqual([own]);
          expect(request?.values('cookie')).toEqual(['theirs=1']);
          for (const token of world.provider.accessTokens()) expect(seen()).not.toContain(token);
        }
      }
    },
  );

  it('that is empty is none of the client’s, and no token of ours goes out beside it', async () => {
    const answer = await client.api('/api/x', { headers: { authorization: '' } });
    const sent = world.upstream.requests.map((request) => request.values('authorization'));
    expect([answer.status, sent]).toEqual(
      answer.status === 401 ? [401, []] : [200, [[expect.stringMatching(/^Bearer \S+$/)]]],
    );
  });

  it('does not make a page trusted: foreign origins are refused with it too', async () => {
    const authorization = 'Bearer mallory';
    for (const [origin, site, status] of [
      ['https://evil.example', undefined, 401],
      ['null', undefined, 401],
      [spaOrigin, 'cross-site', 403],
      ['https://evil.example', 'cross-site', 403],
    ] as const) {
      for (const method of ['GET', 'POST']) {
        const headers = { authorization, origin, 'sec-fetch-site': site };
        expect((await client.api('/own/x', { method, headers })).status).toBe(status);
      }
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('is not asked for where the rule allows it: without one a session is, with Origin and CSRF token', async () => {
    expect((await client.api('/own/x', { method: 'POST' })).status).toBe(200);
    expect(world.upstream.requests[0]?.values('authorization')[0]).toMatch(/^Bearer [\w-]{20,}/);
    world.upstream.clear();
    const bare = { headers: { 'x-example-csrf': undefined }, method: 'POST' };
    expect((await client.api('/own/x', bare)).status).toBe(401);
    expect((await world.newClient().api('/own/x')).status).toBe(401);
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('H6 two Authorization headers', () => {
  it.each([
    ['Bearer a', 'Bearer b'],
    ['Bearer a', 'Bearer a'],
    ['Basic YTpi', 'Bearer b'],
  ])('are refused, whatever the rule allows: %j and %j', async (...authorization) => {
    for (const path of ['/api/x', '/own/x']) {
      for (const who of [client, world.newClient()]) {
        expect([400, 401]).toContain((await who.api(path, { headers: { authorization } })).status);
      }
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('of which one is empty are the other: one reaches the workload where the rule allows it, none elsewhere', async () => {
    for (const authorization of [
      ['Bearer a', ''],
      ['', 'Bearer a'],
    ]) {
      world.upstream.clear();
      expect((await client.api('/api/x', { headers: { authorization } })).status).toBe(401);
      expect((await client.api('/own/x', { headers: { authorization } })).status).toBe(200);
      const sent = world.upstream.requests.map((request) =>
        request.values('authorization').join().replace(/,$|^,/, ''),
      );
      expect(sent).toEqual(['Bearer a']);
    }
  });
});

describe('H1 a forged CSRF header or token', () => {
  it('on a public path never reaches the workload with our cookies', async () => {
    const headers = { cookie: `theirs=1; ${client.jar.headerFor('/public')}`, 'x-example-csrf': client.csrf };
    expect((await client.api('/public/x', { method: 'POST', headers })).status).toBe(200);
    const [request] = world.upstream.requests;
    expect(request?.values('cookie')).toEqual(['theirs=1']);
    expect(request?.values('x-example-csrf')).toEqual([]);
    expect(request?.values('authorization')).toEqual([]);
  });
});
