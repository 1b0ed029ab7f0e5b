import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { input } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { indexOrigins, originOf } from '../../src/core/http/authority.ts';
import type { ModeInstance } from '../../src/modes/mode.ts';
import { oauthAgentMode } from '../../src/modes/oauth-agent/index.ts';
import { oauthAgentSettings } from '../../src/modes/oauth-agent/settings.ts';
import { withKey } from './agent-states.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { type FailingStore, failingStore } from './failing-store.ts';
import { type FakeAuthorizationServer, fakeAuthorizationServer } from './fake-authorization-server.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';
import { modeServices } from './mode-services.ts';
import { type RecordingTelemetry, recordingTelemetry } from './recording-telemetry.ts';

const agentOrigin = 'https://api.example.com';
export const pageOrigin = 'https://app.example.com';
export const redirectUri = `${pageOrigin}/callback`;

export type AgentState = 'store' | 'sealed';

export interface AgentServiceOptions {
  readonly state?: AgentState;
  readonly settings?: Partial<input<typeof oauthAgentSettings>>;
  readonly provider?: Partial<Parameters<typeof fakeAuthorizationServer>[0]>;
}

/**
 * The endpoints of an OAuth agent on real adapters (memory, node:crypto), with a fixed clock and a provider in memory.
 * CORS is on: the page is of another origin.
 */
export interface AgentService {
  /** The OpenAPI document that it serves. */
  readonly document: OpenApiDocument;
  readonly clock: FixedClock;
  readonly provider: FakeAuthorizationServer;
  readonly store: FailingStore;
  readonly telemetry: RecordingTelemetry;
  /** A page of the application in a browser without cookies, or with those of a jar. */
  newTab(jar?: CookieJar): AgentTab;
  /** A page that has logged in. */
  loggedIn(): Promise<AgentTab>;
  close(): Promise<void>;
}

export interface AgentTab {
  readonly jar: CookieJar;
  /** The last CSRF token that it was told. */
  csrf: string | undefined;
  send(method: 'GET' | 'POST', endpoint: string, request?: TabRequest): Promise<LightMyRequestResponse>;
  /** POST with a JSON body. */
  post(endpoint: string, body: unknown): Promise<LightMyRequestResponse>;
  /** Begins a login; the URL of the provider. */
  startLogin(): Promise<string>;
  /** Tells the agent the URL of the page. */
  endLogin(pageUrl: string): Promise<LightMyRequestResponse>;
}

/** As far as the tests look at it. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>> | undefined>>;
}

export interface Operation {
  readonly security: readonly object[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: AnswerSchema }>> }>
  >;
}

interface AnswerSchema {
  /** Of an error: what all have, and its codes. */
  readonly allOf?: readonly [
    unknown,
    {
      readonly properties: {
        readonly code: { readonly enum?: readonly string[]; readonly anyOf?: readonly unknown[] };
      };
    },
  ];
}

export interface TabRequest extends Omit<InjectOptions, 'headers' | 'method' | 'url'> {
  /** Undefined: not sent. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

export async function agentService(options: AgentServiceOptions = {}): Promise<AgentService> {
  const clock = fixedClock();
  const store = failingStore(createMemoryStore({ clock }));
  const telemetry = recordingTelemetry();
  const provider = fakeAuthorizationServer({ now: () => clock.now(), ...options.provider });
  const providers = new Map([[provider.name, provider]]);
  const services = modeServices({ origins: [agentOrigin], clock, telemetry, store, providers });
  const settings = oauthAgentSettings.parse({
    provider: provider.name,
    state: options.state ?? 'store',
    redirectUri,
    trustedOrigins: [pageOrigin],
    cors: { enabled: true },
    cookie: { hostOnly: false },
    ...options.settings,
  });
  const instance = oauthAgentMode.create('spa', withKey(settings), services);
  const service = await serviceOf(instance);
  const described = await service.inject({
    url: `${settings.basePath}${settings.endpoints.openapi}`,
    headers: { host: 'api.example.com' },
  });
  const document: OpenApiDocument = described.json();

  function newTab(jar: CookieJar = createCookieJar()): AgentTab {
    const tab: AgentTab = {
      jar,
      csrf: undefined,
      async send(method, endpoint, { headers, ...request } = {}) {
        const url = `${settings.basePath}${endpoint}`;
        const cookie = jar.headerFor(url);
        const response = await service.inject({
          ...request,
          method,
          url,
          headers: present({
            host: 'api.example.com',
            origin: pageOrigin,
            'sec-fetch-site': 'same-site',
            ...(cookie === '' ? {} : { cookie }),
            ...(method === 'GET' ? {} : { 'x-example-csrf': tab.csrf }),
            ...headers,
          }),
        });
        for (const line of linesOf(response)) jar.keep(line);
        expectDocumented(response, document.paths[url]?.[method.toLowerCase()]);
        return response;
      },
      post: (endpoint, body) =>
        tab.send('POST', endpoint, {
          payload: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      startLogin: async () => String((await tab.send('POST', '/login/start')).json().authorizationRequestUrl),
      async endLogin(pageUrl) {
        const response = await tab.post('/login/end', { pageUrl });
        if (response.statusCode === 200) tab.csrf = response.json().csrf;
        return response;
      },
    };
    return tab;
  }

  return {
    document,
    clock,
    provider,
    store,
    telemetry,
    newTab,
    async loggedIn() {
      const tab = newTab();
      await tab.endLogin(`${redirectUri}?${provider.approve(await tab.startLogin())}`);
      return tab;
    },
    close: async () => await service.close(),
  };
}

/** The Set-Cookie lines of an answer. */
export function linesOf(response: LightMyRequestResponse): readonly string[] {
  return [response.headers['set-cookie'] ?? []].flat();
}

/** Status and code of an error. */
export function errorOf(response: LightMyRequestResponse): readonly [status: number, code: unknown] {
  return [response.statusCode, response.json().code];
}

/** Each answer of an endpoint has its status, and an error its code, in the OpenAPI document. */
function expectDocumented(answer: LightMyRequestResponse, operation: Operation | undefined): void {
  if (operation === undefined) return;
  const documented = operation.responses[answer.statusCode];
  const code = documented?.content?.['application/json']?.schema.allOf?.[1].properties.code;
  const isKnown =
    answer.statusCode < 400 || code?.anyOf !== undefined || code?.enum?.includes(answer.json().code) === true;
  if (documented === undefined || !isKnown) throw new Error(`not documented: ${answer.statusCode} ${answer.body}`);
}

/** What the side service does around an instance's routes. */
async function serviceOf(instance: Pick<ModeInstance, 'routes' | 'basePath'>): Promise<FastifyInstance> {
  const origins = indexOrigins([agentOrigin]);
  const service = Fastify();
  service.decorateRequest('publicOrigin', undefined);
  service.addHook('onRequest', async (request) => {
    request.publicOrigin = originOf(request.headers.host ?? '', origins);
  });
  if (instance.routes !== undefined) await service.register(instance.routes, { prefix: instance.basePath ?? '' });
  return service;
}

function present(headers: NonNullable<TabRequest['headers']>): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
  return sent;
}
