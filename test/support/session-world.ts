import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { input } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { indexOrigins, originOf } from '../../src/core/http/authority.ts';
import { secondsOf } from '../../src/core/time.ts';
import { createSession } from '../../src/flows/sessions.ts';
import type { ModeInstance, ModeServices } from '../../src/modes/mode.ts';
import { sessionMode } from '../../src/modes/session/index.ts';
import type { SessionRequirements } from '../../src/modes/session/requirements.ts';
import { sessionSettings } from '../../src/modes/session/settings.ts';
import { navigation } from './browser-headers.ts';
import { type FailingStore, failingStore } from './failing-store.ts';
import { type FakeAuthorizationServer, fakeAuthorizationServer } from './fake-authorization-server.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';
import { modeServices } from './mode-services.ts';
import { type RecordingTelemetry, recordingTelemetry } from './recording-telemetry.ts';
import { sessionAt } from './session.ts';

export const appOrigin = 'https://app.example.com';

export interface SessionWorldOptions {
  readonly settings?: Partial<input<typeof sessionSettings>>;
  readonly provider?: Partial<Parameters<typeof fakeAuthorizationServer>[0]>;
  /** Names of further providers of the instance, each with an issuer `https://<name>.example`. */
  readonly furtherProviders?: readonly string[];
}

/** A session instance on real adapters (memory, node:crypto), a fixed clock and a provider in memory. */
export interface SessionWorld {
  readonly clock: FixedClock;
  readonly provider: FakeAuthorizationServer;
  readonly providers: ReadonlyMap<string, FakeAuthorizationServer>;
  readonly store: FailingStore;
  readonly telemetry: RecordingTelemetry;
  readonly services: ModeServices;
  readonly instance: ModeInstance<SessionRequirements>;
  /** A request to the side service, from a navigation of `browser`. */
  visit(browser: Browser, target: string, options?: InjectOptions): Promise<LightMyRequestResponse>;
  /** The whole way from `/login` to a session. */
  logIn(browser: Browser, returnTo?: string): Promise<LightMyRequestResponse>;
  /** Its session cookie opens a session. The question changes no cookie of it. */
  isLoggedIn(browser: Browser): Promise<boolean>;
  close(): Promise<void>;
}

/** A cookie jar that belongs to one browser. */
export interface Browser {
  readonly cookies: Map<string, string>;
}

export function newBrowser(): Browser {
  return { cookies: new Map() };
}

/** A browser with the same cookies, which then go their own way: a thief's, or one before a change. */
export function copyOf(browser: Browser): Browser {
  return { cookies: new Map(browser.cookies) };
}

export function cookieHeader(browser: Browser): string {
  return [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Id of a session in the world's store that another instance made. */
export async function otherSession({ services, clock }: SessionWorld): Promise<string> {
  const limits = { idleLifetime: secondsOf(3600), maxPerUser: 100_000 };
  return await createSession(sessionAt(clock.now(), { instance: 'other' }), limits, services.sessions);
}

export async function sessionWorld(options: SessionWorldOptions = {}): Promise<SessionWorld> {
  const clock = fixedClock();
  const store = failingStore(createMemoryStore({ clock }));
  const telemetry = recordingTelemetry();
  const provider = fakeAuthorizationServer({ now: () => clock.now(), ...options.provider });
  const further = (options.furtherProviders ?? []).map((name) =>
    fakeAuthorizationServer({ name, issuer: `https://${name}.example`, now: () => clock.now() }),
  );
  const providers = new Map([provider, ...further].map((each) => [each.name, each]));
  const services = modeServices({ origins: [appOrigin], clock, telemetry, store, providers });
  const settings = sessionSettings.parse({ provider: [...providers.keys()], ...options.settings });
  const instance = sessionMode.create('web', settings, services);
  const service = await serviceOf(instance);

  async function visit(browser: Browser, target: string, request: InjectOptions = {}): Promise<LightMyRequestResponse> {
    const response = await service.inject({
      method: 'GET',
      ...request,
      url: target,
      headers: {
        host: 'app.example.com',
        ...navigation,
        ...(browser.cookies.size === 0 ? {} : { cookie: cookieHeader(browser) }),
        ...request.headers,
      },
    });
    keepCookies(browser, response);
    return response;
  }

  return {
    clock,
    provider,
    providers,
    store,
    telemetry,
    services,
    instance,
    visit,
    async logIn(browser, returnTo = '/') {
      const started = await visit(browser, `/_auth/login?rd=${encodeURIComponent(returnTo)}`);
      return await visit(browser, `/_auth/callback?${provider.approve(String(started.headers.location))}`);
    },
    isLoggedIn: async (browser) => (await visit(copyOf(browser), '/_auth/userinfo')).statusCode === 200,
    close: async () => await service.close(),
  };
}

/** What the side service does around an instance's routes. */
async function serviceOf(instance: ModeInstance<SessionRequirements>): Promise<FastifyInstance> {
  const origins = indexOrigins([appOrigin]);
  const service = Fastify();
  service.decorateRequest('publicOrigin', undefined);
  service.addHook('onRequest', async (request) => {
    request.publicOrigin = originOf(request.headers.host ?? '', origins);
  });
  if (instance.routes !== undefined) await service.register(instance.routes, { prefix: instance.basePath ?? '' });
  return service;
}

function keepCookies(browser: Browser, response: LightMyRequestResponse): void {
  for (const { name, value, maxAge } of response.cookies) {
    if (maxAge === 0) browser.cookies.delete(name);
    else browser.cookies.set(name, value);
  }
}
