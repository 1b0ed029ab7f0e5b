import { refuse } from '../../core/http/refusal.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { EpochSeconds } from '../../core/time.ts';
import type { Header, Reply } from '../../core/verdict.ts';
import type { ModeExplanation, Pass, RequestFacts } from '../mode.ts';
import { decide, type Move } from './decide.ts';
import { identityOf } from './identity.ts';
import { loginRequired, startLogin } from './login.ts';
import type { SessionRequirements } from './requirements.ts';
import type { SessionRuntime } from './runtime.ts';
import { notAllowedTexts, texts } from './texts.ts';

/** Facts, decision, effect: the check of session mode. Throws StoreUnavailableError. */
export async function authorize(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  const { move, now } = await moveFor(request, facts, requirements, runtime);
  return await carryOut(move, request, { ...facts, now, requirements }, runtime);
}

/** What {@link authorize} would decide; nothing is carried out. Throws StoreUnavailableError. */
export async function explain(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<ModeExplanation> {
  const { move } = await moveFor(request, facts, requirements, runtime);
  switch (move.kind) {
    case 'forward':
      return { decision: 'forward', reason: 'session_live' };
    case 'anonymous':
      return { decision: 'anonymous', reason: move.because };
    case 'login':
    case 'unauthenticated':
      return { decision: move.kind, reason: move.because };
    case 'refuse':
      return { decision: 'refuse', reason: move.reason };
  }
}

async function moveFor(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<{ readonly move: Move; readonly now: EpochSeconds }> {
  const stored = await runtime.sessions.find(request);
  const now = runtime.services.clock.now();
  return { move: decide({ request, origin: facts.origin, stored, now }, requirements, runtime.decision), now };
}

async function carryOut(
  move: Move,
  request: HttpRequest,
  facts: RequestFacts & { readonly now: EpochSeconds; readonly requirements: SessionRequirements },
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  switch (move.kind) {
    case 'forward': {
      const setHeaders = identityOf(move.stored.session, runtime.settings);
      const pass: Pass = { kind: 'pass', setHeaders, responseHeadersIfAbsent: uncached };
      const setCookies = move.touches ? runtime.sessions.touch(request, move.stored, facts.now) : [];
      // Where the workload lets caches keep its answer, they would hand out the session with it.
      return setCookies.length === 0 ? pass : { ...pass, setCookies, setResponseHeaders: uncached };
    }
    case 'anonymous':
      return { kind: 'pass', setHeaders: [], responseHeadersIfAbsent: uncached };
    case 'login': {
      const { providers } = facts.requirements;
      return await startLogin(request, facts.origin, { wanted: request.target, providers }, runtime);
    }
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
    ...notAllowedTexts,
    link: { href: `${facts.origin}${runtime.settings.basePath}/logout`, text: texts.signOut },
    members: { reason },
  });
}

/**
 * What a person saw while logged in must not come back from a cache after logout, nor what he saw before it after a
 * login.
 */
const uncached: readonly Header[] = [['cache-control', 'private, no-store']];
