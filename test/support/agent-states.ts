import type { input } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { HttpRequest } from '../../src/core/http/request.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Session } from '../../src/core/session/session.ts';
import type { ModeServices } from '../../src/modes/mode.ts';
import { type AgentRuntime, agentRuntime } from '../../src/modes/oauth-agent/runtime.ts';
import { oauthAgentSettings } from '../../src/modes/oauth-agent/settings.ts';
import type { PresentedSession } from '../../src/modes/oauth-agent/state.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { type FailingStore, failingStore } from './failing-store.ts';
import { type FakeAuthorizationServer, fakeAuthorizationServer } from './fake-authorization-server.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';
import { httpRequest } from './http-request.ts';
import { modeServices } from './mode-services.ts';
import { type RecordingTelemetry, recordingTelemetry } from './recording-telemetry.ts';
import { sessionAt } from './session.ts';

export type AgentSettingsInput = Partial<input<typeof oauthAgentSettings>>;

/** Agents on real adapters (memory, node:crypto), a fixed clock and a provider in memory, without their endpoints. */
export interface AgentStates {
  readonly clock: FixedClock;
  readonly provider: FakeAuthorizationServer;
  readonly store: FailingStore;
  readonly telemetry: RecordingTelemetry;
  readonly services: ModeServices;
  /** An agent with these settings, as another process with the same configuration has it too. */
  agent(settings?: AgentSettingsInput, instance?: string): AgentRuntime;
  /** Alice's session of the instance `spa`, as a login now makes it. */
  newSession(parts?: Partial<Session>): Session;
  /** A browser in which Alice's session of this agent has just begun. */
  browserOf(agent: AgentRuntime, parts?: Partial<Session>): Promise<CookieJar>;
}

export function agentStates(): AgentStates {
  const clock = fixedClock();
  const store = failingStore(createMemoryStore({ clock }));
  const provider = fakeAuthorizationServer({ now: () => clock.now() });
  const telemetry = recordingTelemetry();
  const services = modeServices({
    origins: ['https://app.example.com'],
    clock,
    telemetry,
    store,
    providers: new Map([[provider.name, provider]]),
  });
  const newSession = (parts: Partial<Session> = {}) => sessionAt(clock.now(), { instance: 'spa', ...parts });
  return {
    clock,
    provider,
    store,
    telemetry,
    services,
    newSession,
    agent(settings = {}, instance = 'spa') {
      const parsed = oauthAgentSettings.parse({
        provider: 'idp',
        redirectUri: 'https://app.example.com/callback',
        cookie: { hostOnly: false },
        ...settings,
      });
      return agentRuntime(instance, withKey(parsed), services);
    },
    async browserOf({ state }, parts) {
      const begun = await state.begin(newSession(parts), httpRequest());
      if (begun.kind !== 'begun') throw new Error(begun.kind);
      const jar = createCookieJar();
      keepAll(jar, begun.setCookies);
      return jar;
    },
  };
}

export function keepAll(jar: CookieJar, setCookies: readonly string[]): void {
  for (const line of setCookies) jar.keep(line);
}

/** What this browser sends to a path; `headers` beside its cookies. */
export function requestFrom(
  jar: CookieJar,
  target = '/api',
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): HttpRequest {
  const cookie = jar.headerFor(target);
  return httpRequest({ target, headers: { ...(cookie === '' ? {} : { cookie }), ...headers } });
}

/** The session that this browser's cookies lead to at a path. Throws where they lead to none. */
export async function presentedBy(jar: CookieJar, { state }: AgentRuntime, target?: string): Promise<PresentedSession> {
  const presented = await state.find(requestFrom(jar, target));
  if (presented.kind !== 'found') throw new Error(presented.kind);
  return presented;
}

/** The endpoint that sees every cookie where none is narrow. */
export const refreshPath = '/oauth-agent/refresh';

/** The key that the other programs have. */
export const sharedKey = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/** For `version1.key`; {@link withKey} puts {@link sharedKey} in its place, as the loader would. */
export const sharedKeyReference = { env: 'COOKIE_ENCRYPTION_KEY' } as const;

/** Settings as they are when secrets have been read. */
export function withKey(
  settings: ReturnType<typeof oauthAgentSettings.parse>,
): ReturnType<typeof oauthAgentSettings.parse> {
  const { version1 } = settings;
  return version1 === undefined ? settings : { ...settings, version1: { ...version1, key: new Secret(sharedKey) } };
}
