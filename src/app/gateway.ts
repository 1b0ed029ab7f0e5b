import type { HeaderLimits } from '../core/http/header-limits.ts';
import { rejectedAttemptOf } from '../core/http/heal-attempt.ts';
import { foldName, forwardWith, type HeaderChanges, type Hygiene } from '../core/http/identity-headers.ts';
import { type Refusal, refuse, unknownHost } from '../core/http/refusal.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { Rule } from '../core/rules/match.ts';
import { createRuleSelector } from '../core/rules/select-rule.ts';
import type { Reply, Verdict } from '../core/verdict.ts';
import type { ModeExplanation, ModeInstance, Pass, RequestFacts } from '../modes/mode.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { writtenByEnvoy } from './envoy/forwarding-headers.ts';

/** One immutable snapshot of what is configured. */
export interface GatewaySnapshot {
  readonly origins: readonly string[];
  readonly rules: readonly Rule[];
  readonly instances: ReadonlyMap<string, ModeInstance>;
  /** Headers that never reach a workload, whoever sent them. */
  readonly stripHeaders: readonly string[];
  readonly headerLimits: HeaderLimits;
}

/** The one question that Envoy asks. Throws StoreUnavailableError; whoever serves it answers 503. */
export interface Gateway {
  authorize(request: HttpRequest): Promise<Verdict>;
  /** The same decision for operators: which rule, what and why. Nothing is begun, written or logged. */
  explain(request: HttpRequest): Promise<Explanation>;
}

/** What would happen to a request. */
export interface Explanation {
  /** Undefined where no rule was reached, or none matches. */
  readonly rule: string | undefined;
  /** `public`, `deny` or the instance that the rule names. */
  readonly use: string | undefined;
  readonly decision: 'too_large' | 'bad_request' | 'unknown_host' | ModeExplanation['decision'];
  readonly reason: string;
}

/** Headers that other identity proxies set and that workloads may still trust, folded. */
const foreignIdentity = [
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
];

/** Builds the gateway of a snapshot. */
export function createGateway(
  snapshot: GatewaySnapshot,
  telemetry: Telemetry,
  clock: Pick<Clock, 'milliseconds'>,
): Gateway {
  const { origins, rules, headerLimits: limits } = snapshot;
  const selectRule = createRuleSelector({ origins, rules, limits });
  const hygiene = hygieneOf(snapshot);
  const refused = (request: HttpRequest, refusal: Refusal, reason: string, rule: string | undefined): Reply => {
    telemetry.event('request_refused', { outcome: refusal.error, reason, rule });
    return refuse(request, refusal);
  };
  const factsOf = (request: HttpRequest, origin: string, rule: string): RequestFacts => {
    return { origin, rule, rejected: rejectedAttemptOf(request, clock.milliseconds()) };
  };

  return {
    async authorize(request) {
      const selected = selectRule(request);
      if (selected.kind !== 'rule') {
        return refused(request, refusals[selected.kind], selected.reason, selected.rule);
      }
      const { origin, name, use } = selected;
      if (use.kind !== 'mode') {
        const keepsAuthorization = use.kind === 'public' && use.keepsAuthorization;
        return forwardWith(request, { setHeaders: [], responseHeadersIfAbsent: [], keepsAuthorization }, hygiene);
      }
      const authorize = snapshot.instances.get(use.instance)?.authorize;
      if (authorize === undefined) return refused(request, denied, 'the rule names no instance that decides', name);
      const answer = await authorize(request, factsOf(request, origin, name), use.requirements);
      return answer.kind === 'reply' ? answer : forwardWith(request, changesOf(answer), hygiene);
    },

    async explain(request) {
      const selected = selectRule(request);
      if (selected.kind !== 'rule') {
        const { rule, reason } = selected;
        return { rule, use: undefined, decision: explained[selected.kind], reason };
      }
      const { origin, name: rule, use } = selected;
      if (use.kind === 'public') return { rule, use: 'public', decision: 'forward', reason: 'the rule is public' };
      if (use.kind === 'preflight') return { rule, use: undefined, decision: 'forward', reason: 'a CORS preflight' };
      const explain = snapshot.instances.get(use.instance)?.explain;
      if (explain === undefined) {
        return { rule, use: use.instance, decision: 'refuse', reason: 'the rule names no instance that decides' };
      }
      return { rule, use: use.instance, ...(await explain(request, factsOf(request, origin, rule), use.requirements)) };
    },
  };
}

/** Throws where a mode both keeps the client's Authorization and sets its own: the workload gets one of them (H5). */
function changesOf(pass: Pass): HeaderChanges {
  const keepsAuthorization = pass.keepsAuthorization === true;
  if (keepsAuthorization && pass.setHeaders.some(([name]) => name.toLowerCase() === 'authorization')) {
    throw new Error('an instance both keeps and sets the Authorization header');
  }
  return { ...pass, keepsAuthorization };
}

function hygieneOf(snapshot: GatewaySnapshot): Hygiene {
  const instances = [...snapshot.instances.values()];
  const identity = instances.flatMap((instance) => instance.identityHeaders);
  return {
    managedNames: new Set(
      [...identity, ...foreignIdentity, ...snapshot.stripHeaders, 'proxy-authorization'].map(foldName),
    ),
    managedPrefixes: ['x-auth-request-', 'x-sallyport-'],
    ...writtenByEnvoy,
    ownCookies: new Set(instances.flatMap((instance) => instance.ownCookies)),
  };
}

const ambiguous: Refusal = {
  status: 400,
  error: 'invalid_request',
  title: { en: 'This address cannot be opened', de: 'Diese Adresse kann nicht geöffnet werden' },
  description: {
    en: 'The request can be read in more than one way, so it was refused.',
    de: 'Die Anfrage lässt sich auf mehr als eine Weise lesen und wurde deshalb abgelehnt.',
  },
};

const tooLarge: Refusal = {
  status: 431,
  error: 'invalid_request',
  title: { en: 'This request is too large', de: 'Diese Anfrage ist zu groß' },
  description: {
    en: 'The headers of the request are larger than this site accepts. Deleting its cookies may help.',
    de: 'Die Kopfzeilen der Anfrage sind größer, als diese Website annimmt. Es kann helfen, ihre Cookies zu löschen.',
  },
};

const denied: Refusal = {
  status: 403,
  error: 'access_denied',
  title: { en: 'Not available', de: 'Nicht verfügbar' },
  description: { en: 'This page may not be opened.', de: 'Diese Seite darf nicht geöffnet werden.' },
};

const explained = {
  too_large: 'too_large',
  ambiguous: 'bad_request',
  unknown_host: 'unknown_host',
  denied: 'refuse',
} as const;

const refusals = { too_large: tooLarge, ambiguous, unknown_host: unknownHost, denied } as const;
