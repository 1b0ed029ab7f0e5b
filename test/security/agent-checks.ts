import { expect } from 'vitest';
import type { AgentAnswer, AgentClient, AgentRequest } from '../support/agent-client.ts';
import type { AgentWorld } from '../support/agent-world.ts';

/** A request of the page, by what it is for. */
export interface Way {
  readonly path: string;
  readonly method: string;
  /** Whether the agent answers it, or the check in front of an API. */
  readonly of: 'agent' | 'check';
  readonly body?: string;
}

const json = (value: unknown) => JSON.stringify(value);

/** Every endpoint of an agent, and APIs behind the check by the methods that matter. */
export const waysIn: readonly Way[] = [
  { of: 'agent', method: 'POST', path: '/oauth-agent/login/start', body: '' },
  { of: 'agent', method: 'POST', path: '/oauth-agent/login/end', body: json({ pageUrl: 'http://127.0.0.1:5173/' }) },
  { of: 'agent', method: 'GET', path: '/oauth-agent/userInfo' },
  { of: 'agent', method: 'GET', path: '/oauth-agent/claims' },
  { of: 'agent', method: 'GET', path: '/oauth-agent/session' },
  { of: 'agent', method: 'POST', path: '/oauth-agent/refresh', body: '' },
  { of: 'agent', method: 'POST', path: '/oauth-agent/logout', body: '' },
  { of: 'check', method: 'GET', path: '/api/orders?x=1' },
  { of: 'check', method: 'POST', path: '/api/orders', body: '{}' },
  { of: 'check', method: 'PUT', path: '/api/orders', body: '{}' },
  { of: 'check', method: 'PATCH', path: '/api/orders', body: '{}' },
  { of: 'check', method: 'DELETE', path: '/api/orders' },
];

/** What changes something, beyond a login: these need the CSRF token. */
export const changingWays = waysIn.filter(({ method, path }) => method !== 'GET' && !path.includes('/login/'));

export function sendWay(client: AgentClient, { path, method, body }: Way, request: AgentRequest = {}) {
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers };
  return client.send(path, { method, ...(body === undefined ? {} : { body }), ...request, headers });
}

/** Text of the check's only refusal. */
export const accessDenied = {
  code: 'unauthorized',
  message: 'Access denied due to missing or invalid credentials',
} as const;

/** The refusal of agent or check, with nothing of it for a page of an origin that nobody trusts. */
export function expectRefused({ of }: Way, answer: AgentAnswer, status: 401 | 403): void {
  const body = answer.json();
  const code = of === 'agent' ? 'unauthorized_request' : 'unauthorized';
  expect([answer.status, body['code']], answer.body).toEqual([status, code]);
  expect(body['message']).toEqual(expect.any(String));
  expect(Object.keys(body).sort()).toEqual(['code', 'message']);
  expect(answer.header('content-type')).toMatch(/^application\/json\b/);
  expect(answer.values('cache-control').join()).toContain('no-store');
  expect(answer.values('set-cookie')).toEqual([]);
  expect(answer.values('location')).toEqual([]);
}

export const corsHeaders = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-expose-headers',
] as const;

export function expectNoCorsHeaders(answer: Pick<AgentAnswer, 'values'>): void {
  for (const name of corsHeaders) expect([name, answer.values(name)]).toEqual([name, []]);
}

/** Nothing reached workload or provider, and the session of the client is as it was. */
export async function expectUntouched(world: AgentWorld, client: AgentClient): Promise<void> {
  expect(world.upstream.requests).toEqual([]);
  for (const endpoint of ['token', 'userinfo'] as const) expect(world.provider.count(endpoint)).toBe(0);
  expect((await client.session()).json()['isLoggedIn']).toBe(true);
  expect((await client.api('/api/untouched', { method: 'POST' })).status).toBe(200);
}
