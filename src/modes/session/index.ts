import { defineMode } from '../mode.ts';
import { authorize, explain } from './authorize.ts';
import { providerHeader } from './identity.ts';
import { sessionRequirements, sessionRequirementsOf } from './requirements.ts';
import { sessionRoutes } from './routes.ts';
import { sessionRuntime } from './runtime.ts';
import { sessionSettings } from './settings.ts';

/** Browser login in front of any workload. */
export const sessionMode = defineMode({
  name: 'session',
  settings: sessionSettings,
  requirements: sessionRequirements,
  requirementsFor: ({ provider }) => sessionRequirementsOf(provider),
  common: ({ basePath, provider, cookie, state, groupsClaim, attemptLifetime, absoluteLifetime }) => ({
    basePath,
    providers: provider,
    cookie,
    state,
    groupsClaim,
    inBrowsers: [
      { what: 'logins under way', lifetime: attemptLifetime },
      ...(state === 'sealed' ? [{ what: 'sessions in cookies', lifetime: absoluteLifetime }] : []),
    ],
  }),
  create(name, settings, services) {
    const runtime = sessionRuntime(name, settings, services);
    const { cookies } = runtime;
    return {
      basePath: settings.basePath,
      ownCookies: [...runtime.sessions.cookieNames, cookies.binding],
      identityHeaders: [...Object.keys(settings.headers).map((header) => header.toLowerCase()), providerHeader],
      authorize: (request, facts, requirements) => authorize(request, facts, requirements, runtime),
      explain: (request, facts, requirements) => explain(request, facts, requirements, runtime),
      routes: sessionRoutes(runtime),
    };
  },
});
