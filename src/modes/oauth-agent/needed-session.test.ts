import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, agentService, errorOf } from '../../../test/support/agent-service.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

describe('the CSRF header', () => {
  const refusals = () =>
    service.telemetry.events.filter(({ name }) => name === 'request_refused').map(({ fields }) => fields);

  it('is looked for before anything is opened or the store is asked, and what is missing is told', async () => {
    const tab = await service.loggedIn();
    service.store.setReachable(false);
    for (const [path, endpoint] of [
      ['/refresh', 'refresh'],
      ['/logout', 'logout'],
    ] as const) {
      for (const token of [undefined, '', [tab.csrf ?? '', tab.csrf ?? '']]) {
        const answer = await tab.send('POST', path, { headers: { 'x-example-csrf': token } });
        expect([path, token, ...errorOf(answer)]).toEqual([path, token, 401, 'unauthorized_request']);
        expect(refusals().at(-1)).toEqual({ instance: 'spa', endpoint, reason: 'csrf_missing' });
      }
      expect((await tab.send('POST', path)).statusCode).toBe(503);
    }
    expect(refusals()).toHaveLength(6);
  });

  it('that does not fit the session is told as well', async () => {
    const tab = await service.loggedIn();
    const answer = await tab.send('POST', '/refresh', { headers: { 'x-example-csrf': 'evil' } });
    expect([...errorOf(answer), refusals()]).toEqual([
      401,
      'unauthorized_request',
      [{ instance: 'spa', endpoint: 'refresh', reason: 'csrf_mismatch' }],
    ]);
    expect(service.telemetry.text()).not.toContain('evil');
  });
});
