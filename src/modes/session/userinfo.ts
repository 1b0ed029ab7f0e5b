import { jsonReply } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { textsOf } from '../../core/json.ts';
import { after } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { whyEnded } from './decide.ts';
import { loginRequired } from './login.ts';
import type { SessionRuntime } from './runtime.ts';

/** `GET <basePath>/userinfo`: who is logged in, as JSON. No tokens; asking does not extend the session. */
export async function userinfo(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  const found = await runtime.sessions.find(request);
  const { idleLifetime, groupsClaim } = runtime.settings;
  const now = runtime.services.clock.milliseconds();
  if (found === undefined || whyEnded(found, now, runtime.decision) !== undefined) {
    return loginRequired(request, origin, runtime);
  }
  const { session, lastSeenAt } = found;
  return jsonReply(200, {
    sub: session.subject,
    email: session.claims.get('email'),
    name: session.claims.get('name'),
    groups: textsOf(session.claims.get(groupsClaim)),
    provider: session.provider,
    expires_at: session.endsAt,
    idle_expires_at: Math.min(session.endsAt, after(lastSeenAt, idleLifetime)),
  });
}
