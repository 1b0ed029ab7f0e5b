import { jsonReply } from '../../core/http/reply.ts';
import { jwtPayloadOf } from '../../core/oauth/jwt-payload.ts';
import { endpointOfSession } from './endpoint.ts';
import { claimsAnswer } from './schemas.ts';

/** The claims of the ID token, which was validated when it came: at login or with a refresh. */
export const claims = endpointOfSession(
  {
    name: 'claims',
    method: 'GET',
    summary: 'The claims of the ID token.',
    answer: {
      status: 200,
      description:
        'The claims of the ID token; of a provider without ID tokens, what it said about the user at login. Of a session that was taken over from cookies of version 0x01 without an ID token none are known: an object without members.',
      schema: claimsAnswer,
      setsCookies: false,
    },
    errors: ['session_expired'],
  },
  async ({ found: { session } }) => {
    const idToken = session.tokenSet.idToken?.reveal();
    const payload = idToken === undefined ? undefined : jwtPayloadOf(idToken);
    return jsonReply(200, Object.fromEntries(payload ?? session.claims));
  },
);
