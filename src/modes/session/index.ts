import { defineMode } from '../mode.ts';
import { authorize } from './authorize.ts';
import { sessionCookies } from './cookies.ts';
import { sessionRequirements } from './requirements.ts';
import { sessionRoutes } from './routes.ts';
import type { SessionRuntime } from './runtime.ts';
import { sessionSettings } from './settings.ts';

/** Browser login in front of any workload. */
export const sessionMode = defineMode({
  name: 'session',
  settings: sessionSettings,
  requirements: sessionRequirements,
  create(name, settings, services) {
    const provider = services.providers.get(settings.provider);
    // The configuration was checked; this guards callers that build an instance by hand.
    if (provider === undefined) throw new Error(`session instance ${name} names a provider that does not exist`);
    const cookies = sessionCookies(settings);
    const sessions = { records: services.store.sessions, sealer: services.sealer, idNames: services.idNames };
    const runtime: SessionRuntime = { instance: name, settings, cookies, sessions, provider, services };
    return {
      basePath: settings.basePath,
      ownCookies: [cookies.session, cookies.binding],
      identityHeaders: Object.keys(settings.headers).map((header) => header.toLowerCase()),
      authorize: (request, facts, requirements) => authorize(request, facts, requirements, runtime),
      routes: sessionRoutes(runtime),
    };
  },
});
