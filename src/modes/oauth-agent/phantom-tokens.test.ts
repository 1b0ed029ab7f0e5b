import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type FakeAuthorizationServer,
  fakeAuthorizationServer,
} from '../../../test/support/fake-authorization-server.ts';
import { type FixedClock, fixedClock } from '../../../test/support/fixed-clock.ts';
import { type RecordingTelemetry, recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import { Secret } from '../../core/secret.ts';
import { epochSecondsOf } from '../../core/time.ts';
import { createPhantomTokens, type PhantomTokens } from './phantom-tokens.ts';

let clock: FixedClock;
let provider: FakeAuthorizationServer;
let telemetry: RecordingTelemetry;
let tokens: PhantomTokens;
beforeEach(() => {
  clock = fixedClock();
  provider = fakeAuthorizationServer({ now: () => clock.now() });
  telemetry = recordingTelemetry();
  tokens = createPhantomTokens(provider, { clock, telemetry });
});

const opaque = new Secret('canary-opaque');

/** The token's text, or what there is in its place. */
async function phantomOf(accessToken = opaque): Promise<string> {
  const phantom = await tokens.of(accessToken);
  return phantom.kind === 'token' ? phantom.token.reveal() : phantom.kind;
}

/** The provider gives a JWT that lives for so many seconds, or says nothing about its end. */
function answerWith(text: string, lifetime?: number): void {
  const expiresAt = lifetime === undefined ? undefined : epochSecondsOf(clock.now() + lifetime);
  provider.answerIntrospection({ kind: 'active', phantomToken: new Secret(text), expiresAt });
}

describe('a phantom token (RFC 7662)', () => {
  it('is fetched once for all requests with one access token, and for each token its own', async () => {
    const phantoms = await Promise.all(
      [opaque, opaque, new Secret('canary-opaque'), new Secret('other')].map(phantomOf),
    );
    expect(phantoms).toEqual([...Array(3).fill('canary-phantom-of-canary-opaque'), 'canary-phantom-of-other']);
    expect(await phantomOf()).toBe('canary-phantom-of-canary-opaque');
    expect(provider.introspections).toEqual(['canary-opaque', 'other']);
  });

  it.each([
    ['that lives for a minute, until a little before its end', 60, 55],
    ['that lives for an hour, for five minutes: it may be revoked meanwhile', 3600, 300],
    ['whose end is not known, for five minutes', undefined, 300],
  ])('%s', async (_what, lifetime, kept) => {
    answerWith('first', lifetime);
    await phantomOf();
    answerWith('second', lifetime);
    clock.advance(kept - 0.1);
    expect(await phantomOf()).toBe('first');
    clock.advance(0.1);
    expect(await phantomOf()).toBe('second');
  });

  it('that has ended when it comes is none, and one near its end is not kept', async () => {
    answerWith('ended', 0);
    expect(await phantomOf()).toBe('inactive');
    clock.advance(1);
    answerWith('short', 5);
    expect([await phantomOf(), await phantomOf()]).toEqual(['short', 'short']);
    expect(provider.introspections).toHaveLength(3);
  });

  it('is none for an access token that is not valid; that is asked again a second later', async () => {
    provider.answerIntrospection({ kind: 'inactive' });
    expect([await phantomOf(), await phantomOf()]).toEqual(['inactive', 'inactive']);
    expect(provider.introspections).toHaveLength(1);
    provider.answerIntrospection(undefined);
    clock.advance(1);
    expect(await phantomOf()).toBe('canary-phantom-of-canary-opaque');
    expect(telemetry.events).toEqual([]);
  });

  it.each([
    ['is away', () => provider.setReachable(false), 'connect ECONNREFUSED'],
    [
      'has no introspection endpoint',
      () => provider.answerIntrospection({ kind: 'unsupported' }),
      'the provider publishes no introspection endpoint',
    ],
    [
      'answers without a JWT',
      () => provider.answerIntrospection({ kind: 'active', phantomToken: undefined, expiresAt: undefined }),
      'the answer of the introspection endpoint holds no JWT',
    ],
  ])('cannot be had while the provider %s, which operators learn once a second', async (_what, prepare, detail) => {
    prepare();
    expect([await phantomOf(), await phantomOf()]).toEqual(['unavailable', 'unavailable']);
    expect(telemetry.events).toEqual([
      {
        name: 'provider_unavailable',
        fields: { provider: 'idp', operation: 'introspection', detail },
        cause: undefined,
      },
    ]);
    provider.setReachable(true);
    provider.answerIntrospection(undefined);
    clock.advance(1);
    expect(await phantomOf()).toBe('canary-phantom-of-canary-opaque');
  });

  it('is asked for again after a failure that nobody expected', async () => {
    const failing = { ...provider, introspect: () => Promise.reject(new Error('a defect')) };
    const broken = createPhantomTokens(failing, { clock, telemetry });
    await expect(broken.of(opaque)).rejects.toThrow('a defect');
    await expect(broken.of(opaque)).rejects.toThrow('a defect');
  });

  it('shows no token to whoever prints it (G8)', async () => {
    const phantom = await tokens.of(opaque);
    expect(`${inspect(phantom)}${JSON.stringify(phantom)}${telemetry.text()}`).not.toContain('canary');
  });
});
