import { indexOrigins } from '../core/http/authority.ts';
import { foldName, forwardWith, type Hygiene } from '../core/http/identity-headers.ts';
import { type Refusal, refuse, unknownHost } from '../core/http/refusal.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { Rule } from '../core/rules/match.ts';
import { selectRule } from '../core/rules/select-rule.ts';
import type { Reply, Verdict } from '../core/verdict.ts';
import type { ModeInstance } from '../modes/mode.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** One immutable snapshot of what is configured. */
export interface GatewaySnapshot {
  readonly origins: readonly string[];
  readonly rules: readonly Rule[];
  readonly instances: ReadonlyMap<string, ModeInstance>;
  /** Headers that never reach a workload, whoever sent them. */
  readonly stripHeaders: readonly string[];
}

/** The one question that Envoy asks. Throws StoreUnavailableError; whoever serves it answers 503. */
export interface Gateway {
  authorize(request: HttpRequest): Promise<Verdict>;
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
export function createGateway(snapshot: GatewaySnapshot, telemetry: Telemetry): Gateway {
  const origins = indexOrigins(snapshot.origins);
  const hygiene = hygieneOf(snapshot);
  const refused = (request: HttpRequest, refusal: Refusal, reason: string, rule: string | undefined): Reply => {
    telemetry.event('request_refused', { outcome: refusal.error, reason, rule });
    return refuse(request, refusal);
  };

  return {
    async authorize(request) {
      const selected = selectRule(request, origins, snapshot.rules);
      if (selected.kind !== 'rule') {
        return refused(request, refusals[selected.kind], selected.reason, selected.rule);
      }
      const { origin, name, use } = selected;
      if (use.kind === 'public') {
        const { keepsAuthorization } = use;
        return forwardWith(request, { setHeaders: [], responseHeadersIfAbsent: [], keepsAuthorization }, hygiene);
      }
      const authorize = snapshot.instances.get(use.instance)?.authorize;
      if (authorize === undefined) return refused(request, denied, 'the rule names no instance that decides', name);
      const answer = await authorize(request, { origin, rule: name }, use.requirements);
      return answer.kind === 'reply' ? answer : forwardWith(request, { ...answer, keepsAuthorization: false }, hygiene);
    },
  };
}

function hygieneOf(snapshot: GatewaySnapshot): Hygiene {
  const instances = [...snapshot.instances.values()];
  const identity = instances.flatMap((instance) => instance.identityHeaders);
  return {
    managedNames: new Set(
      [...identity, ...foreignIdentity, ...snapshot.stripHeaders, 'proxy-authorization'].map(foldName),
    ),
    managedPrefixes: ['x-auth-request-', 'x-sallyport-'],
    ownCookies: new Set(instances.flatMap((instance) => instance.ownCookies)),
  };
}

const ambiguous: Refusal = {
  status: 400,
  error: 'invalid_request',
  title: 'This address cannot be opened',
  description: 'The request can be read in more than one way, so it was refused.',
};

const denied: Refusal = {
  status: 403,
  error: 'access_denied',
  title: 'Not available',
  description: 'This page may not be opened.',
};

const refusals = { ambiguous, unknown_host: unknownHost, denied } as const;
