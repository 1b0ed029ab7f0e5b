import { defineMode } from '../mode.ts';
import { authorize, explain } from './authorize.ts';
import { checkSettings } from './check-settings.ts';
import { oauthAgentRequirements } from './requirements.ts';
import { agentRoutes } from './routes.ts';
import { agentRuntime } from './runtime.ts';
import { oauthAgentSettings } from './settings.ts';

/** The backend of a single-page application: a small API for login and tokens, and the check in front of its APIs. */
export const oauthAgentMode = defineMode({
  name: 'oauth-agent',
  settings: oauthAgentSettings,
  requirements: oauthAgentRequirements,
  common: ({ basePath, provider, cookie, cors, state, attemptLifetime, absoluteLifetime }) => ({
    basePath,
    providers: [provider],
    answersPreflights: cors.enabled,
    cookie: { name: cookie.prefix, setting: 'prefix', insecureHttp: cookie.insecureHttp },
    state,
    inBrowsers: [
      { what: 'logins under way', lifetime: attemptLifetime },
      { what: state === 'sealed' ? 'sessions in cookies' : 'CSRF tokens', lifetime: absoluteLifetime },
    ],
  }),
  check: checkSettings,
  create(name, settings, services) {
    const runtime = agentRuntime(name, settings, services);
    return {
      basePath: settings.basePath,
      ownCookies: runtime.state.cookieNames.flatMap(withBareName),
      identityHeaders: [runtime.cookies.csrfHeader],
      authorize: (request, facts, requirements) => authorize(request, facts, requirements, runtime),
      explain: (request, facts, requirements) => explain(request, facts, requirements, runtime),
      routes: agentRoutes(runtime),
    };
  },
});

/** Also as it was called before `hostOnly`: what a browser has kept of that may still open a session. */
function withBareName(name: string): readonly string[] {
  return [name, ...(name.startsWith('__Host-') ? [name.slice('__Host-'.length)] : [])];
}
