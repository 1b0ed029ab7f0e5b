import { setCookieHeaders } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { FoundSession } from '../../core/session/lifetimes.ts';
import { type Seconds, secondOf } from '../../core/time.ts';
import type { Header, Reply } from '../../core/verdict.ts';
import { type HeldRequest, refreshHeld } from '../../flows/refresh-held.ts';
import type { ModeExplanation, Pass, RequestFacts } from '../mode.ts';
import { decide, type Move, type SessionFacts } from './decide.ts';
import { identityOf } from './identity.ts';
import { loginRequired, startLogin } from './login.ts';
import type { SessionRequirements } from './requirements.ts';
import type { SessionRuntime } from './runtime.ts';
import { notAllowedTexts, refreshUnavailableTexts, texts } from './texts.ts';

/** Facts, decision, effect: the check of session mode. Throws StoreUnavailableError. */
export async function authorize(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  const known = await factsOf(request, facts, runtime);
  const check = { ...known, requirements, rule: facts.rule };
  return await carryOut(decide(known, requirements, runtime.decision), check, runtime);
}

/** What {@link authorize} would decide; nothing is carried out. Throws StoreUnavailableError. */
export async function explain(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: SessionRequirements,
  runtime: SessionRuntime,
): Promise<ModeExplanation> {
  const move = decide(await factsOf(request, facts, runtime), requirements, runtime.decision);
  switch (move.kind) {
    case 'forward':
      return { decision: 'forward', reason: 'session_live' };
    case 'refresh':
      return { decision: 'forward', reason: 'token_refresh' };
    case 'anonymous':
      return { decision: 'anonymous', reason: move.because };
    case 'login':
    case 'unauthenticated':
      return { decision: move.kind, reason: move.because };
    case 'refuse':
      return { decision: 'refuse', reason: move.reason };
  }
}

async function factsOf(
  request: HttpRequest,
  { origin, rejected }: RequestFacts,
  { sessions, services }: SessionRuntime,
): Promise<SessionFacts> {
  const found = await sessions.find(request);
  return { request, origin, found, now: services.clock.milliseconds(), rejected, mayRefresh: true };
}

/** A request on its way through the check. */
interface Check extends SessionFacts {
  readonly requirements: SessionRequirements;
  /** Name of the rule, for logs. */
  readonly rule: string;
}

/** Holds the request for other tokens. They may come with other claims, so that all is decided again, once. */
async function refreshThenDecide(
  { found, reason }: Move & { readonly kind: 'refresh' },
  check: Check,
  runtime: SessionRuntime,
): Promise<Pass | Reply> {
  const { request, requirements } = check;
  const { sessions, services } = runtime;
  const held: HeldRequest<FoundSession | undefined> = {
    async refresh() {
      const outcome = await sessions.refresh(found, reason);
      return outcome.kind === 'refreshed' ? { ...outcome, known: outcome.found } : outcome;
    },
    find: () => sessions.find(request),
    ended: undefined,
    tokenSetOf: (known) => known?.session.tokenSet,
  };
  const outcome = await refreshHeld(held, services.clock);
  if (outcome.kind === 'unavailable') return unavailable(request, outcome);
  const after: Check = { ...check, found: outcome.known, now: outcome.now, mayRefresh: false };
  return withCookies(await carryOut(decide(after, requirements, runtime.decision), after, runtime), outcome.setCookies);
}

/** Whatever the answer is: a refresh token that was rotated may be in these cookies alone. */
function withCookies(answer: Pass | Reply, setCookies: readonly string[]): Pass | Reply {
  if (setCookies.length === 0) return answer;
  if (answer.kind === 'reply') {
    return { ...answer, headers: [...answer.headers, ...setCookieHeaders(setCookies)] };
  }
  // Where the workload lets caches keep its answer, they would hand out the session with it.
  return { ...answer, setCookies: [...setCookies, ...(answer.setCookies ?? [])], setResponseHeaders: uncached };
}

async function carryOut(move: Move, check: Check, runtime: SessionRuntime): Promise<Pass | Reply> {
  const { request } = check;
  const { sessions, settings, services } = runtime;
  switch (move.kind) {
    case 'forward': {
      const pass: Pass = {
        kind: 'pass',
        setHeaders: identityOf(move.found.session, settings),
        responseHeadersIfAbsent: uncached,
      };
      if (move.refreshesSoon) sessions.refreshSoon(move.found);
      return withCookies(pass, move.touches ? sessions.touch(move.found, secondOf(check.now)) : []);
    }
    case 'refresh':
      return await refreshThenDecide(move, check, runtime);
    case 'anonymous':
      return { kind: 'pass', setHeaders: [], responseHeadersIfAbsent: uncached };
    case 'login': {
      const { providers } = check.requirements;
      return await startLogin(request, check.origin, { wanted: request.target, providers }, runtime);
    }
    case 'unauthenticated':
      return loginRequired(request, check.origin, runtime);
    case 'refuse':
      services.telemetry.event('request_refused', { rule: check.rule, reason: move.reason });
      return notAllowed(request, move.reason, check, runtime);
  }
}

/** 503: the session lives, and its token cannot be replaced right now. */
function unavailable(request: HttpRequest, { retryAfter }: { readonly retryAfter: Seconds }): Reply {
  return refuse(request, {
    status: 503,
    error: 'temporarily_unavailable',
    ...refreshUnavailableTexts,
    headers: [['retry-after', String(retryAfter)]],
  });
}

/** Never a redirect to login: the user is who he is, and would come back the same. */
function notAllowed(request: HttpRequest, reason: string, check: Check, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 403,
    error: 'access_denied',
    ...notAllowedTexts,
    link: { href: `${check.origin}${runtime.settings.basePath}/logout`, text: texts.signOut },
    members: { reason },
  });
}

/**
 * What a person saw while logged in must not come back from a cache after logout, nor what he saw before it after a
 * login.
 */
const uncached: readonly Header[] = [['cache-control', 'private, no-store']];
