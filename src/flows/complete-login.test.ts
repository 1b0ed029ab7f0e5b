import { beforeEach, describe, expect, it } from 'vitest';
import { failingStore } from '../../test/support/failing-store.ts';
import { fakeAuthorizationServer } from '../../test/support/fake-authorization-server.ts';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { newKeyRing, withNewKey } from '../adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { secondsOf } from '../core/time.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import { beginLogin, type LoginStart } from './begin-login.ts';
import { type CompleteLoginPorts, completeLogin, type LoginCallback, type LoginOutcome } from './complete-login.ts';

const origin = 'https://app.example.com';
const redirectUri = `${origin}/_auth/callback`;
const bindingSecret = 'b'.repeat(43);

function newWorld(providerOptions: { sendsIss?: boolean } = {}) {
  const clock = fixedClock();
  const ring = newKeyRing(systemRandom, clock.now());
  const sealer = createSealer(ring, systemRandom);
  const provider = fakeAuthorizationServer({ now: clock.now, ...providerOptions });
  const store = failingStore(createMemoryStore({ clock }));
  const providers = new Map<string, AuthorizationServer>([[provider.name, provider]]);
  const ports: CompleteLoginPorts = { providers, sealer, once: store.once, clock };

  async function begin(parts: Partial<LoginStart> = {}): Promise<string> {
    const start = {
      instance: 'web',
      origin,
      returnTo: '/app',
      redirectUri,
      bindingSecret,
      attemptLifetime: secondsOf(600),
    };
    const begun = await beginLogin(
      { ...start, ...parts },
      { authorizationServer: provider, sealer, clock, random: systemRandom },
    );
    if (begun.kind !== 'url') throw new Error('the provider is down');
    return begun.url;
  }

  async function complete(
    query: string,
    parts: Partial<LoginCallback> = {},
    changed: Partial<CompleteLoginPorts> = {},
  ): Promise<LoginOutcome> {
    return await completeLogin(
      { instance: 'web', origin, redirectUri, query, bindingSecret, ...parts },
      { ...ports, ...changed },
    );
  }

  return { clock, ring, sealer, provider, store, begin, complete };
}

let world: ReturnType<typeof newWorld>;
beforeEach(() => {
  world = newWorld();
});

/** The query with parameters changed; undefined takes one away. */
function changed(query: string, changes: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters.toString();
}

describe('completeLogin', () => {
  it('redeems the code with the attempt’s own verifier and nonce', async () => {
    const outcome = await world.complete(world.provider.approve(await world.begin()));
    expect(outcome).toMatchObject({
      kind: 'authenticated',
      authentication: { subject: 'alice' },
      attempt: { returnTo: '/app', provider: 'idp' },
    });
    expect(world.provider.redemptions).toHaveLength(1);
  });

  it.each([
    ['', 'nothing at all'],
    ['code=c', 'no state'],
    ['code=c&state=', 'an empty state'],
    ['code=c&state=forged', 'a forged state'],
    ['error=access_denied&state=forged', 'an error with a forged state (L9)'],
  ])('takes %j for no answer to anything, and asks nobody: %s (L2)', async (query) => {
    expect(await world.complete(query)).toMatchObject({ kind: 'foreign' });
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it.each(['code', 'state', 'iss', 'error'])('refuses a doubled %s without a token request (L2)', async (name) => {
    const query = world.provider.approve(await world.begin());
    const value = new URLSearchParams(query).get(name) ?? 'access_denied';
    const doubled = `${query}&${new URLSearchParams([
      [name, value],
      [name, value],
    ])}`;
    expect((await world.complete(doubled)).kind).toBe('foreign');
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it('refuses a response that began in another browser, or in one that keeps no cookies (L1)', async () => {
    const query = world.provider.approve(await world.begin());
    for (const secret of ['', 'c'.repeat(43)]) {
      expect(await world.complete(query, { bindingSecret: secret })).toMatchObject({ kind: 'other_browser' });
    }
    expect(await world.complete(query, { bindingSecret: undefined })).toMatchObject({ kind: 'no_binding' });
    expect(world.provider.redemptions).toHaveLength(0);
    // Nothing was spent: the browser that began it can still finish.
    expect((await world.complete(query)).kind).toBe('authenticated');
  });

  it('refuses a state that is spelled differently in any character (L4)', async () => {
    const query = world.provider.approve(await world.begin());
    const state = new URLSearchParams(query).get('state') ?? '';
    const spellings = [
      `${state}=`,
      `${state} `,
      ` ${state}`,
      state.slice(0, -1),
      `${state}A`,
      state.replaceAll('_', '/').replaceAll('-', '+').concat('='),
    ];
    for (let index = 0; index < state.length; index += 1) {
      spellings.push(state.slice(0, index) + (state[index] === 'A' ? 'B' : 'A') + state.slice(index + 1));
    }
    for (const spelling of spellings.filter((each) => each !== state)) {
      expect((await world.complete(changed(query, { state: spelling }))).kind).toBe('foreign');
    }
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it('refuses a state of another instance, origin or purpose (L5)', async () => {
    const query = world.provider.approve(await world.begin());
    expect((await world.complete(query, { instance: 'other' })).kind).toBe('foreign');
    expect((await world.complete(query, { origin: 'https://other.example.com' })).kind).toBe('foreign');
    const sealed = world.sealer.seal('session', new Uint8Array(64), 'web');
    expect((await world.complete(changed(query, { state: sealed }))).kind).toBe('foreign');
    const notAnAttempt = world.sealer.seal('login-attempt', new TextEncoder().encode('[]'), 'web');
    expect((await world.complete(changed(query, { state: notAnAttempt }))).kind).toBe('foreign');
  });

  it('refuses an attempt whose sealed instance is not the one that it was sealed for (L5)', async () => {
    const opened = world.sealer.open(
      'login-attempt',
      new URL(await world.begin()).searchParams.get('state') ?? '',
      'web',
    );
    const moved = world.sealer.seal('login-attempt', opened ?? new Uint8Array(), 'other');
    expect((await world.complete(`code=c&state=${moved}`, { instance: 'other' })).kind).toBe('foreign');
  });

  it('refuses a state of a provider that is not configured any more (L5)', async () => {
    const query = world.provider.approve(await world.begin());
    expect((await world.complete(query, {}, { providers: new Map() })).kind).toBe('foreign');
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it.each([undefined, 'https://evil.example', 'https://idp.example/', ''])(
    'refuses iss %j before anything is spent (RFC 9207 §2.4, L6)',
    async (iss) => {
      const query = world.provider.approve(await world.begin());
      expect((await world.complete(changed(query, { iss }))).kind).toBe('foreign');
      expect(world.provider.redemptions).toHaveLength(0);
      expect((await world.complete(query)).kind).toBe('authenticated');
    },
  );

  it('checks iss of an error too (RFC 9207 §2.4, L6)', async () => {
    const query = world.provider.decline(await world.begin());
    expect((await world.complete(changed(query, { iss: 'https://evil.example' }))).kind).toBe('foreign');
  });

  it('does without iss where the provider never promised it, but not with a wrong one (L6)', async () => {
    world = newWorld({ sendsIss: false });
    const query = world.provider.approve(await world.begin());
    expect((await world.complete(changed(query, { iss: 'https://evil.example' }))).kind).toBe('foreign');
    expect((await world.complete(query)).kind).toBe('authenticated');
  });

  it('redeems once, however often and however concurrently it is called (L3)', async () => {
    const query = world.provider.approve(await world.begin());
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => world.complete(query)));
    expect(outcomes.filter(({ kind }) => kind === 'authenticated')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'already_used')).toHaveLength(49);
    expect(world.provider.redemptions).toHaveLength(1);
    expect((await world.complete(query)).kind).toBe('already_used');
  });

  it('remembers that an attempt was used for longer than the attempt lives, whatever the clocks (L3)', async () => {
    const query = world.provider.approve(await world.begin());
    await world.complete(query);
    world.clock.advance(599);
    expect((await world.complete(query)).kind).toBe('already_used');
    world.clock.advance(1);
    expect((await world.complete(query)).kind).toBe('expired');
  });

  it('refuses an attempt that is over, to the second, and spends nothing (L13)', async () => {
    const query = world.provider.approve(await world.begin());
    world.clock.advance(600);
    expect(await world.complete(query)).toMatchObject({ kind: 'expired', attempt: { returnTo: '/app' } });
    expect(world.provider.redemptions).toHaveLength(0);
    world.clock.advance(-1);
    expect((await world.complete(query)).kind).toBe('authenticated');
  });

  it('finishes what began under a key that is not the newest any more (L12)', async () => {
    const query = world.provider.approve(await world.begin());
    const sealer = createSealer(withNewKey(world.ring, systemRandom, world.clock.now()), systemRandom);
    expect((await world.complete(query, {}, { sealer })).kind).toBe('authenticated');
  });

  it('finds nothing in a state whose key left the ring (L12)', async () => {
    const query = world.provider.approve(await world.begin());
    const sealer = createSealer(newKeyRing(systemRandom, world.clock.now()), systemRandom);
    expect((await world.complete(query, {}, { sealer })).kind).toBe('foreign');
  });

  it('refuses a code of another attempt: the verifier does not fit (L7)', async () => {
    const first = world.provider.approve(await world.begin());
    const second = world.provider.approve(await world.begin({ bindingSecret: 'a'.repeat(43) }));
    const code = new URLSearchParams(second).get('code') ?? '';
    expect(await world.complete(changed(first, { code }))).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
  });

  it('passes the provider’s refusal on and marks nothing: errors are free to make up, and would fill the store', async () => {
    const query = world.provider.decline(await world.begin());
    expect(await world.complete(query)).toMatchObject({ kind: 'refused', error: 'access_denied' });
    expect(world.provider.redemptions).toHaveLength(0);
    expect((await world.complete(query)).kind).toBe('refused');
  });

  it('makes a code of letters of an error that is markup (L9)', async () => {
    const query = world.provider.decline(await world.begin(), '<img src=x onerror=alert(1)>');
    expect(await world.complete(query)).toMatchObject({ kind: 'refused', error: 'server_error' });
  });

  it('keeps the attempt usable while the provider cannot be asked (I1)', async () => {
    const query = world.provider.approve(await world.begin());
    world.provider.setReachable(false);
    expect((await world.complete(query)).kind).toBe('unavailable');
    world.provider.setReachable(true);
    expect((await world.complete(query)).kind).toBe('authenticated');
  });

  it('says so when the token request is not answered (I1)', async () => {
    const query = world.provider.approve(await world.begin());
    world.provider.answer({ kind: 'unavailable', detail: 'reset' });
    expect(await world.complete(query)).toMatchObject({ kind: 'unavailable', detail: 'reset' });
  });

  it('throws before the code is spent when the store is down; the same callback works afterwards (I4)', async () => {
    const query = world.provider.approve(await world.begin());
    world.store.setReachable(false);
    await expect(world.complete(query)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(world.provider.redemptions).toHaveLength(0);
    world.store.setReachable(true);
    expect((await world.complete(query)).kind).toBe('authenticated');
  });

  it('takes a binding hash of another length for another browser', async () => {
    const opened = world.sealer.open(
      'login-attempt',
      new URL(await world.begin()).searchParams.get('state') ?? '',
      'web',
    );
    const fields = JSON.parse(new TextDecoder().decode(opened)) as unknown[];
    const cut = new TextEncoder().encode(JSON.stringify(fields.with(-1, 'short')));
    const state = world.sealer.seal('login-attempt', cut, 'web');
    expect((await world.complete(`code=c&state=${state}`)).kind).toBe('other_browser');
  });
});
