import { indexOrigins, originOf, parseAuthority } from '../core/http/authority.ts';
import { hasSeveralCredentials } from '../core/http/credentials.ts';
import { foldName, forwardWith, type Hygiene } from '../core/http/identity-headers.ts';
import { type Refusal, refuse } from '../core/http/refusal.ts';
import type { HttpRequest } from '../core/http/request.ts';
import { parseTarget } from '../core/http/target.ts';
import { matchRule, type Rule } from '../core/rules/match.ts';
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
  const refused = (request: HttpRequest, reason: string, rule: string | undefined, refusal: Refusal): Reply => {
    telemetry.event('request_refused', { outcome: refusal.error, reason, rule });
    return refuse(request, refusal);
  };

  return {
    async authorize(request) {
      if (parseAuthority(request.authority) === undefined)
        return refused(request, 'the host is not a host', undefined, ambiguous);
      if (hasSeveralCredentials(request)) return refused(request, 'two Authorization headers', undefined, ambiguous);
      const target = parseTarget(request.target);
      if (target.kind === 'ambiguous') return refused(request, target.reason, undefined, ambiguous);
      const origin = originOf(request.authority, origins);
      if (origin === undefined) return refused(request, 'the host is not configured', undefined, unknownHost);
      // Rules name methods in upper case; `post` would pass by a rule for POST and mean the same to some workloads.
      if (!/^[A-Z][A-Z-]*$/.test(request.method))
        return refused(request, 'a method in no rule’s spelling', undefined, ambiguous);
      const ruleFor = (path: string) => matchRule(snapshot.rules, { origin, path, method: request.method });
      const rule = ruleFor(target.path);
      if (target.cutPath !== undefined && ruleFor(target.cutPath) !== rule)
        return refused(request, 'rules depend on how an encoded ? or # is read', undefined, ambiguous);
      if (rule === undefined) return refused(request, 'no rule matches', undefined, denied);

      switch (rule.use.kind) {
        case 'deny':
          return refused(request, 'the rule denies', rule.name, denied);
        case 'public':
          return forwardWith(
            request,
            { setHeaders: [], responseHeadersIfAbsent: [], keepsAuthorization: rule.use.keepsAuthorization },
            hygiene,
          );
        case 'mode': {
          const authorize = snapshot.instances.get(rule.use.instance)?.authorize;
          if (authorize === undefined)
            return refused(request, 'the rule names no instance that decides', rule.name, denied);
          const answer = await authorize(request, { origin, rule: rule.name }, rule.use.requirements);
          return answer.kind === 'reply'
            ? answer
            : forwardWith(request, { ...answer, keepsAuthorization: false }, hygiene);
        }
      }
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

const unknownHost: Refusal = {
  status: 403,
  error: 'unknown_host',
  title: 'Unknown host',
  description: 'This host is not served here.',
};

const denied: Refusal = {
  status: 403,
  error: 'access_denied',
  title: 'Not available',
  description: 'This page may not be opened.',
};
