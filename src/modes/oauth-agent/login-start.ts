import { jsonReply } from '../../core/http/reply.ts';
import { secondsOf } from '../../core/time.ts';
import { beginLogin, bindingSecretOf } from '../../flows/begin-login.ts';
import { agentError } from './agent-error.ts';
import { endpointWithBody } from './endpoint.ts';
import { providerUnavailable } from './needed-session.ts';
import { type LoginStartAnswer, loginStartAnswer, loginStartBody } from './schemas.ts';

/** Begins a login. Nothing is stored: the attempt travels sealed in `state`, tied to this browser by the login cookie. */
export const loginStart = endpointWithBody(
  {
    name: 'loginStart',
    method: 'POST',
    summary: 'Begins a login.',
    body: { schema: loginStartBody, asForm: false },
    answer: {
      status: 200,
      description: 'Where the browser goes to log in, and the login cookie.',
      schema: loginStartAnswer,
      setsCookies: true,
    },
    errors: ['authorization_server_error'],
  },
  async ({ request, origin, body: { extraParams = [] } }, { instance, settings, provider, loginCookie, services }) => {
    const reserved = extraParams.findIndex(({ key }) => provider.isReserved(key));
    if (reserved >= 0) {
      const message = `extraParams[${reserved}].key: expected a parameter that is not reserved; the agent sets this one`;
      return agentError('invalid_request', message);
    }
    const { sealer, clock, random, telemetry } = services;
    const cookie = loginCookie.read(request);
    const { secret } = bindingSecretOf(cookie.kind === 'secret' ? cookie.secret : undefined, random);
    const authorization = await beginLogin(
      {
        instance,
        origin,
        returnTo: '/',
        redirectUri: settings.redirectUri,
        bindingSecret: secret,
        attemptLifetime: settings.attemptLifetime,
        extraParameters: new Map(extraParams.map(({ key, value }) => [key, value])),
      },
      { authorizationServer: provider, sealer, clock, random },
    );
    if (authorization.kind === 'unavailable') {
      telemetry.problem('provider_unavailable', { provider: provider.name, detail: authorization.detail });
      return providerUnavailable(secondsOf(5));
    }
    telemetry.event('login_started', { instance, provider: provider.name });
    const answer: LoginStartAnswer = { authorizationRequestUrl: authorization.url };
    return jsonReply(200, answer, [['set-cookie', loginCookie.set(secret)]]);
  },
);
