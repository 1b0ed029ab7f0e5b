import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentCheck, type AgentCheckParts, agentCheck, pageOrigin } from '../../../test/support/agent-check.ts';
import { epochMillisecondsOf } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';

let spa: AgentCheck;
beforeEach(() => begin());

/** Another agent with these settings, and a browser with a session of it. */
async function begin(settings?: Parameters<typeof agentCheck>[0]): Promise<void> {
  spa = await agentCheck(settings);
}

const reply = (parts?: AgentCheckParts) => spa.reply(parts);
const bearer = (parts?: AgentCheckParts) => spa.bearer(parts);

const headerOf = ({ headers }: Reply, name: string) => new Map(headers).get(name);
const justNow = () => ({ requestedAt: epochMillisecondsOf(spa.clock.milliseconds() + 1) });

describe('a session of the store', () => {
  it('lives on while it is used, and ends after the idle time (touch)', async () => {
    await begin({ idleLifetime: '10m' });
    for (let times = 0; times < 3; times += 1) {
      spa.clock.advance(599);
      expect((await spa.check()).kind).toBe('pass');
    }
    spa.clock.advance(600);
    expect((await reply()).status).toBe(401);
  });

  describe('whose access token', () => {
    beforeEach(() => begin({ idleLifetime: '2h' }));

    it('is near its end goes on with it, and has another soon', async () => {
      spa.clock.advance(3600 - 40);
      expect(await bearer()).toBe('Bearer canary-access-token');
      await vi.waitFor(async () => expect(await bearer()).toBe('Bearer canary-access-token-1'));
      expect(spa.provider.refreshes).toHaveLength(1);
    });

    it('has ended waits for another, one for all requests and tabs (F1, F4)', async () => {
      spa.clock.advance(3600);
      const headers = await spa.csrfHeaders();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => bearer(index % 2 === 0 ? {} : { method: 'POST', headers })),
      );
      expect(new Set(answers)).toEqual(new Set(['Bearer canary-access-token-1']));
      expect(spa.provider.refreshes).toHaveLength(1);
    });

    it('has ended while the provider is away gets 503 with Retry-After, and lives on', async () => {
      await begin({ idleLifetime: '2h', cors: { enabled: true } });
      spa.clock.advance(3600);
      spa.provider.setReachable(false);
      const refused = await reply();
      expect([refused.status, headerOf(refused, 'retry-after')]).toEqual([503, '1']);
      expect(headerOf(refused, 'access-control-allow-origin')).toBe(pageOrigin);
      expect(refused.body).not.toContain('ECONNREFUSED');
      spa.provider.setReachable(true);
      spa.clock.advance(1);
      expect((await spa.check()).kind).toBe('pass');
    });

    it('has ended with its grant gets 401 (F10)', async () => {
      spa.clock.advance(3600);
      spa.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: 'it is over' });
      expect(await bearer()).toBe('401');
      expect(await bearer()).toBe('401');
    });

    it('was refused by the API is replaced once; a dead one is not replaced again and again', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => bearer({ rejected: justNow() })));
      expect(new Set(answers)).toEqual(new Set(['Bearer canary-access-token-1']));
      spa.clock.advance(29);
      expect(await bearer({ rejected: justNow() })).toBe('Bearer canary-access-token-1');
      spa.clock.advance(1);
      expect(await bearer({ rejected: justNow() })).toBe('Bearer canary-access-token-2');
    });

    it('was refused goes to the API once more while the provider is away: its own 401 says more', async () => {
      spa.provider.setReachable(false);
      expect(await bearer({ rejected: justNow() })).toBe('Bearer canary-access-token');
    });

    it.each([
      ['and then comes', undefined],
      ['and then does not come', { kind: 'unavailable', detail: '503', retryAfter: undefined, isLost: false }],
    ] as const)(
      'is sent no more where the user logs out while another one is waited for, %s (F11)',
      async (_what, refresh) => {
        spa.clock.advance(3600);
        const held = spa.provider.holdRefreshes();
        const answer = bearer();
        await vi.waitFor(() => expect(spa.provider.refreshes).toHaveLength(1));
        spa.provider.answerRefresh(refresh);
        await spa.endSession();
        held.release();
        expect(await answer).toBe('401');
      },
    );
  });
});

describe('a sealed session', () => {
  beforeEach(() => begin({ state: 'sealed', cookie: { hostOnly: true } }));

  it('needs no store', async () => {
    spa.store.setReachable(false);
    expect(await bearer()).toBe('Bearer canary-access-token');
    expect(await bearer({ method: 'POST', headers: await spa.csrfHeaders() })).toBe('Bearer canary-access-token');
  });

  it('whose access token has ended or was refused is not refreshed here, even where its refresh token came along', async () => {
    expect(await bearer({ rejected: justNow() })).toBe('Bearer canary-access-token');
    spa.clock.advance(3600 - 40);
    expect(await bearer()).toBe('Bearer canary-access-token');
    spa.clock.advance(40);
    expect(await bearer()).toBe('401');
    expect(spa.provider.refreshes).toEqual([]);
  });
});

describe('with phantom tokens the API', () => {
  const inactive = () => spa.provider.answerIntrospection({ kind: 'inactive' });
  beforeEach(() => begin({ phantomTokens: true }));

  it('gets the JWT and never the access token', async () => {
    expect(await bearer()).toBe('Bearer canary-phantom-of-canary-access-token');
    expect(await bearer()).toBe('Bearer canary-phantom-of-canary-access-token');
    expect(spa.provider.introspections).toHaveLength(1);
  });

  it('gets that of another access token where the provider calls the first one inactive', async () => {
    spa.clock.advance(1);
    inactive();
    const held = spa.provider.holdRefreshes();
    const answer = bearer();
    await vi.waitFor(() => expect(spa.provider.refreshes).toHaveLength(1));
    spa.provider.answerIntrospection(undefined);
    held.release();
    expect(await answer).toBe('Bearer canary-phantom-of-canary-access-token-1');
  });

  it('gets nothing where the other one is inactive as well, and that is not tried again soon', async () => {
    spa.clock.advance(1);
    inactive();
    expect(await bearer()).toBe('401');
    spa.clock.advance(10);
    expect(await bearer()).toBe('401');
    expect(spa.provider.refreshes).toHaveLength(1);
  });

  it('gets nothing for an inactive token of a sealed session', async () => {
    await begin({ phantomTokens: true, state: 'sealed' });
    spa.clock.advance(1);
    inactive();
    expect(await bearer()).toBe('401');
    expect(spa.provider.refreshes).toEqual([]);
  });

  it('gets nothing while the provider cannot be asked: the page is told to come again', async () => {
    spa.provider.setReachable(false);
    const refused = await reply();
    expect([refused.status, headerOf(refused, 'retry-after')]).toEqual([503, '1']);
    expect(refused.body).not.toContain('ECONNREFUSED');
  });
});
