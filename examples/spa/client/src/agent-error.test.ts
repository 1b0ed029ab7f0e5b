import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { AgentErrorName, agentErrors } from '../../../../src/modes/oauth-agent/agent-error.ts';
import { type FakeBrowser, startFakeBrowser } from '../test-support/fake-browser.ts';
import { createAgentClient, type KnownAgentErrorCode } from './agent-client.ts';

/** Codes of the agent: the names of its errors, but where one says otherwise. */
type AgentsOwnCode = {
  [Name in AgentErrorName]: (typeof agentErrors)[Name] extends { code: infer Code } ? Code : Name;
}[AgentErrorName];

let browser: FakeBrowser;

beforeEach(() => {
  browser = startFakeBrowser();
});

afterEach(() => browser.close());

describe('AgentError', () => {
  it('has the codes of the agent by name', () => {
    expectTypeOf<KnownAgentErrorCode>().toEqualTypeOf<AgentsOwnCode | 'login_required'>();
  });

  it.each([
    ['5', 5],
    ['', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ])('says when to try again: %j', async (retryAfter, expected) => {
    browser.fake.outage = { status: 503, retryAfter };
    await expect(browser.openTab().session()).rejects.toMatchObject({ status: 503, retryAfter: expected });
  });

  it('says nothing of that where the answer says nothing', async () => {
    browser.fake.csrf = undefined;
    await expect(browser.openTab().refresh()).rejects.toMatchObject({ status: 401, retryAfter: undefined });
  });

  it('an answer that is no JSON of the agent is an AgentError too', async () => {
    const tab = createAgentClient({
      baseUrl: 'https://api.example.com/oauth-agent',
      cookiePrefix: 'spa',
      fetch: async () => new Response('upstream connect error', { status: 503 }),
    });
    await expect(tab.session()).rejects.toMatchObject({ status: 503, code: 'server_error' });
  });
});
