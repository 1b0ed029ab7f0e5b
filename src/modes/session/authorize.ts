import { readCookie } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { EpochSeconds } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { findSession, touchSession } from '../../flows/sessions.ts';
import type { Pass, RequestFacts } from '../mode.ts';
import { decide, type Move } from './decide.ts';
import { identityOf } from './identity.ts';
import { loginRequired, startLogin } from './login.ts';
import type { SessionRequirements } from './requirements.ts';
import type { SessionRuntime } from './runtime.ts';

/** Facts, decision, effect: the check of session mode. Throws StoreUnavailableError. */
export async function authorize(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  const id = readCookie(request, runtime.cookies.session);
  const stored = await findSession(id, runtime.sessions);
  const now = runtime.services.clock.now();
  const move = decide({ request, origin: facts.origin, stored, now }, requirements, runtime.decision);
  if (move.kind === 'forward' && move.touches && id !== undefined) noteUse(id, now, runtime);
  return await carryOut(move, request, facts, runtime);
}

async function carryOut(
  move: Move,
  request: HttpRequest,
  facts: RequestFacts,
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  switch (move.kind) {
    case 'forward':
      return {
        kind: 'pass',
        setHeaders: identityOf(move.session, runtime.settings),
        // What a person saw while logged in must not come back from a cache after logout.
        responseHeadersIfAbsent: [['cache-control', 'private, no-store']],
      };
    case 'login':
      return await startLogin(request, facts.origin, request.target, runtime);
    case 'unauthenticated':
      return loginRequired(request, facts.origin, runtime);
    case 'refuse':
      runtime.services.telemetry.event('request_refused', { rule: facts.rule, reason: move.reason });
      return notAllowed(request, move.reason, facts, runtime);
  }
}

/** Never a redirect to login: the user is who he is, and would come back the same. */
function notAllowed(request: HttpRequest, reason: string, facts: RequestFacts, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 403,
    error: 'access_denied',
    title: 'You do not have access',
    description: 'You are signed in, but this account may not open this page. Sign out to use another account.',
    link: { href: `${facts.origin}${runtime.settings.basePath}/logout`, text: 'Sign out' },
    members: { reason },
  });
}

/** In the background: the request does not wait for it, and a lost touch only means an earlier idle end. */
function noteUse(id: string, now: EpochSeconds, runtime: SessionRuntime): void {
  touchSession(id, now, runtime.sessions).catch((error: unknown) => {
    runtime.services.telemetry.problem('store_unavailable', { operation: 'touch' }, error);
  });
}
