import { type CorsHeaders, preflightReply } from '../../core/http/cors.ts';
import { type HttpRequest, requestIdOf } from '../../core/http/request.ts';
import type { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { Header, Reply } from '../../core/verdict.ts';
import { type HeldRequest, refreshHeld } from '../../flows/refresh-held.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { ModeExplanation, Pass, RequestFacts } from '../mode.ts';
import { corsHeadersOf, corsPolicyOf, isDataChanging } from './browser-rules.ts';
import { type AgentFacts, decide, type Move, type SessionFacts } from './decide.ts';
import { knownSession } from './known-session.ts';
import type { PhantomToken } from './phantom-tokens.ts';
import { denied, unavailable } from './refusal.ts';
import type { OauthAgentRequirements } from './requirements.ts';
import type { AgentRuntime } from './runtime.ts';
import type { KnownSession } from './state.ts';

/** A request on its way through the check. */
interface Check extends AgentFacts {
  readonly requirements: OauthAgentRequirements;
  /** Name of the rule, for logs. */
  readonly rule: string;
  /** What the answer says about its origin, whoever gives it. */
  readonly cors: CorsHeaders;
}

/** Facts, decision, effect: the check of oauth-agent mode. */
export async function authorize(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: OauthAgentRequirements,
  runtime: AgentRuntime,
): Promise<Pass | Reply> {
  const check = checkOf(request, facts, requirements, runtime);
  try {
    return await decideAndDo(check, runtime);
  } catch (error) {
    // Whoever serves the check would answer as well, without the headers that let another origin's page read it.
    if (!(error instanceof StoreUnavailableError)) throw error;
    const fields = { operation: 'check', requestId: requestIdOf(request) };
    runtime.services.telemetry.problem('store_unavailable', fields, error);
    return unavailable(request, shortestWait, onReply(check));
  }
}

/** What {@link authorize} would decide; nothing is carried out. Throws StoreUnavailableError. */
export async function explain(
  request: HttpRequest,
  facts: RequestFacts,
  requirements: OauthAgentRequirements,
  runtime: AgentRuntime,
): Promise<ModeExplanation> {
  return await explainCheck(checkOf(request, facts, requirements, runtime), runtime);
}

async function explainCheck(check: Check, runtime: AgentRuntime): Promise<ModeExplanation> {
  const move = decide(check, check.requirements, runtime.decision);
  switch (move.kind) {
    case 'answer_preflight':
      return { decision: 'answered', reason: 'preflight' };
    case 'pass_own_authorization':
      return { decision: 'forward', reason: 'own_authorization' };
    case 'find_session':
      return await explainCheck(await withSession(check, runtime), runtime);
    case 'refresh':
      return { decision: 'forward', reason: 'token_refresh' };
    case 'forward':
      return { decision: 'forward', reason: 'session_live' };
    case 'unauthenticated':
      return { decision: 'unauthorized', reason: move.because };
    case 'refuse':
      return { decision: move.status === 401 ? 'unauthorized' : 'refuse', reason: move.reason };
  }
}

function checkOf(
  request: HttpRequest,
  { origin, rule, rejected }: RequestFacts,
  requirements: OauthAgentRequirements,
  { settings }: AgentRuntime,
): Check {
  const cors = corsHeadersOf(request, origin, settings);
  const unknown = { session: undefined, isInactive: false, mayRefresh: true };
  return { request, origin, rule, rejected, requirements, cors, ...unknown };
}

async function decideAndDo(check: Check, runtime: AgentRuntime): Promise<Pass | Reply> {
  return await carryOut(decide(check, check.requirements, runtime.decision), check, runtime);
}

async function carryOut(move: Move, check: Check, runtime: AgentRuntime): Promise<Pass | Reply> {
  switch (move.kind) {
    case 'answer_preflight':
      return preflightReply(check.request, move.origin, corsPolicyOf(runtime));
    case 'pass_own_authorization':
      return { ...passWith([], check), keepsAuthorization: true };
    case 'find_session':
      return await decideAndDo(await withSession(check, runtime), runtime);
    case 'refresh':
      return await refreshThenDecide(move, check, runtime);
    case 'forward':
      return await forward(move, check, runtime);
    case 'unauthenticated':
      return denied(check.request, 401, onReply(check));
    case 'refuse':
      runtime.services.telemetry.event('request_refused', { rule: check.rule, reason: move.reason });
      return denied(check.request, move.status, onReply(check));
  }
}

async function withSession(check: Check, runtime: AgentRuntime): Promise<Check> {
  const known = await knownSession(check.request, runtime);
  return { ...check, session: sessionFactsOf(known, check.request, runtime) };
}

function sessionFactsOf(known: KnownSession, request: HttpRequest, { csrf, services }: AgentRuntime): SessionFacts {
  // Nothing is opened that the decision does not ask for.
  const asksForToken = known.kind === 'live' && isDataChanging(request.method);
  const repeatsCsrfToken = asksForToken && csrf.isRepeated(request, known.presented.key);
  return { known, repeatsCsrfToken, now: services.clock.milliseconds() };
}

/** Holds the request for other tokens. All is decided again with them, once. */
async function refreshThenDecide(
  { presented, reason }: Move & { readonly kind: 'refresh' },
  check: Check,
  runtime: AgentRuntime,
): Promise<Pass | Reply> {
  const { request } = check;
  const held: HeldRequest<KnownSession> = {
    async refresh() {
      const outcome = await runtime.state.refresh(presented, reason);
      if (outcome.kind !== 'refreshed') return outcome;
      return { ...outcome, known: { kind: 'live', presented: outcome.presented } };
    },
    find: () => knownSession(request, runtime),
    ended: { kind: 'ended', because: 'not_there' },
    tokenSetOf: (known) => (known.kind === 'live' ? known.presented.found.session.tokenSet : undefined),
  };
  // The answer needs no cookies: those of a session in the store, which alone come here, stay as they are.
  const outcome = await refreshHeld(held, runtime.services.clock);
  if (outcome.kind === 'unavailable') return unavailable(request, outcome.retryAfter, onReply(check));
  const session = sessionFactsOf(outcome.known, request, runtime);
  return await decideAndDo({ ...check, session, isInactive: false, mayRefresh: false }, runtime);
}

async function forward(
  { presented, touches, refreshesSoon }: Move & { readonly kind: 'forward' },
  check: Check,
  runtime: AgentRuntime,
): Promise<Pass | Reply> {
  const { state, services } = runtime;
  const bearer = await bearerOf(presented.found.session.tokenSet.accessToken, runtime);
  switch (bearer.kind) {
    case 'token':
      if (touches) state.touch(presented, services.clock.now());
      if (refreshesSoon) state.refreshSoon(presented);
      return {
        ...passWith([['authorization', `Bearer ${bearer.token.reveal()}`]], check),
        responseHeadersIfAbsent: uncached,
      };
    case 'inactive':
      // As if the API had refused it, and told us at once.
      return await decideAndDo(
        { ...check, rejected: { requestedAt: services.clock.milliseconds() }, isInactive: true },
        runtime,
      );
    case 'unavailable':
      return unavailable(check.request, shortestWait, onReply(check));
  }
}

/** What the API gets: the access token, or the JWT that stands for it. */
async function bearerOf(accessToken: Secret<string>, { phantomTokens }: AgentRuntime): Promise<PhantomToken> {
  return phantomTokens === undefined ? { kind: 'token', token: accessToken } : await phantomTokens.of(accessToken);
}

function passWith(setHeaders: readonly Header[], { cors }: Check): Pass {
  return {
    kind: 'pass',
    setHeaders,
    responseHeadersIfAbsent: [],
    setResponseHeaders: cors.set,
    addResponseHeaders: cors.add,
  };
}

function onReply({ cors }: Check): readonly Header[] {
  return [...cors.set, ...cors.add];
}

/** Where nobody knows better. */
const shortestWait = secondsOf(1);

/** What the application read while logged in must not come back from a cache after logout. */
const uncached: readonly Header[] = [['cache-control', 'private, no-store']];
