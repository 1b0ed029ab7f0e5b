import { jsonReply } from '../../core/http/reply.ts';
import { knownSubjectOf } from '../../core/session/session.ts';
import { after } from '../../core/time.ts';
import { endpoint } from './endpoint.ts';
import { knownSession } from './known-session.ts';
import type { AgentRuntime } from './runtime.ts';
import { type SessionAnswer, sessionAnswer } from './schemas.ts';
import type { PresentedSession } from './state.ts';

/** Whether there is a session. Asking does not prolong it, so that a page may ask all the time. */
export const sessionStatus = endpoint(
  {
    name: 'session',
    method: 'GET',
    summary: 'Whether there is a session, without prolonging it.',
    security: [['sessionCookie'], []],
    answer: { status: 200, description: 'Whether somebody is logged in.', schema: sessionAnswer, setsCookies: false },
  },
  async ({ request }, runtime) => {
    const known = await knownSession(request, runtime);
    const answer: SessionAnswer = known.kind === 'live' ? statusOf(known.presented, runtime) : { isLoggedIn: false };
    return jsonReply(200, answer);
  },
);

function statusOf({ found, inCookies }: PresentedSession, { settings }: AgentRuntime): SessionAnswer {
  const { session, lastSeenAt } = found;
  const accessTokenExpiresAt = session.tokenSet.expiresAt;
  // Cookies of version 0x01 hold tokens alone.
  if (inCookies?.version === 1) return { isLoggedIn: true, accessTokenExpiresAt };
  // Nothing notes when a sealed session was used.
  const idleEnd = settings.state === 'sealed' ? session.endsAt : after(lastSeenAt, settings.idleLifetime);
  return {
    isLoggedIn: true,
    sub: knownSubjectOf(session),
    expiresAt: Math.min(session.endsAt, idleEnd),
    accessTokenExpiresAt,
  };
}
