import { defineMode } from '../mode.ts';
import { authorize } from './authorize.ts';
import { sessionRequirements } from './requirements.ts';
import { sessionRoutes } from './routes.ts';
import { sessionRuntime } from './runtime.ts';
import { sessionSettings } from './settings.ts';

/** Browser login in front of any workload. */
export const sessionMode = defineMode({
  name: 'session',
  settings: sessionSettings,
  requirements: sessionRequirements,
  create(name, settings, services) {
    const runtime = sessionRuntime(name, settings, services);
    const { cookies } = runtime;
    return {
      basePath: settings.basePath,
      ownCookies: [cookies.session, cookies.binding],
      identityHeaders: Object.keys(settings.headers).map((header) => header.toLowerCase()),
      authorize: (request, facts, requirements) => authorize(request, facts, requirements, runtime),
      routes: sessionRoutes(runtime),
    };
  },
});
