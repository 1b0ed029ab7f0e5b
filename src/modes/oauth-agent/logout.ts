import { setCookieHeaders } from '../../core/http/cookies.ts';
import { jsonReply } from '../../core/http/reply.ts';
import { revokeTokens } from '../../flows/revoke-tokens.ts';
import { endpointOfSession } from './endpoint.ts';
import { type LogoutAnswer, logoutAnswer } from './schemas.ts';

/** Ends the session here, and says where the provider is told so (OpenID Connect RP-Initiated Logout 1.0 §2). */
export const logout = endpointOfSession(
  {
    name: 'logout',
    method: 'POST',
    summary: 'Ends the session.',
    repeatsCsrfToken: true,
    answer: {
      status: 200,
      description: 'Where the browser goes next. Every cookie of the agent is deleted.',
      schema: logoutAnswer,
      setsCookies: true,
    },
    errors: ['session_expired'],
  },
  async ({ found: { session } }, { request }, { instance, settings, provider, state, services }) => {
    if (await state.end(request)) services.telemetry.event('session_ended', { instance, outcome: 'logout' });
    revokeTokens(session, services);
    const postLogoutRedirectUri = settings.postLogoutRedirectUri ?? settings.redirectUri;
    const providerUrl = await provider.endSessionUrl({
      idToken: session.tokenSet.idToken,
      postLogoutRedirectUri,
      state: undefined,
    });
    const answer: LogoutAnswer = { url: providerUrl ?? postLogoutRedirectUri };
    const cleared = setCookieHeaders(state.forget(request));
    return jsonReply(200, answer, [...cleared, ['clear-site-data', '"cache"']]);
  },
);
