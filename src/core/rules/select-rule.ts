import { indexOrigins, originNamed, parseAuthority } from '../http/authority.ts';
import { hasSeveralCredentials } from '../http/credentials.ts';
import { type HeaderLimits, hasUnderscoredHeader, isWithin } from '../http/header-limits.ts';
import { isRuleMethod, preflightMethodOf } from '../http/navigation.ts';
import type { HttpRequest } from '../http/request.ts';
import { matchRule, type Rule, type RuleUse } from './match.ts';
import { readTarget } from './read-target.ts';

/** What a request is answered by, or why it is answered by a refusal. */
export type Selection =
  | {
      readonly kind: 'rule';
      /** Without a wildcard. */
      readonly origin: string;
      readonly name: string;
      /** `preflight`: a CORS preflight that goes to the workload without identity. */
      readonly use: Exclude<RuleUse, { kind: 'deny' }> | { readonly kind: 'preflight' };
    }
  | Unselected;

interface Unselected {
  /** `too_large`: 431. `ambiguous`: two readings are possible, 400. */
  readonly kind: 'too_large' | 'ambiguous' | 'unknown_host' | 'denied';
  /** For our log. */
  readonly reason: string;
  readonly rule: string | undefined;
}

/** What rules are selected by. */
export interface RuleSettings {
  readonly origins: readonly string[];
  readonly rules: readonly Rule[];
  readonly limits: HeaderLimits;
}

/**
 * Finds the rule that decides a request: the first rows of the decision table, in their order. Pure; whatever servers
 * are known to read differently from us, and whatever no rule names, ends here.
 */
export function createRuleSelector({ rules, limits, ...settings }: RuleSettings): (request: HttpRequest) => Selection {
  const origins = indexOrigins(settings.origins);
  const tolerates = new Set(rules.flatMap((rule) => [...rule.tolerates]));
  const guardsUnderscores = tolerates.delete('underscoredHeaders');
  const isLenient = tolerates.size > 0;
  const passesPreflights = rules.some((rule) => rule.passesPreflight);

  return (request) => {
    if (!isWithin(limits, request)) return refusal('too_large', 'more header than a request may bring');
    const authority = parseAuthority(request.authority);
    if (authority === undefined) return refusal('ambiguous', 'the host is not a host');
    if (hasSeveralCredentials(request)) return refusal('ambiguous', 'two Authorization headers');
    const target = readTarget(request.target, isLenient);
    if (target.kind === 'ambiguous') return refusal('ambiguous', target.reason);
    // Rules name methods in upper case; `post` would pass by a rule for POST and mean the same to some workloads.
    if (!isRuleMethod(request.method)) return refusal('ambiguous', 'a method in no rule’s spelling');
    const named = originNamed(authority, origins);
    // No rule of an unknown host could have tolerated a peculiar path.
    if (named === undefined && target.peculiarities.length > 0) return refusal('ambiguous', target.reason);
    if (named === undefined) return refusal('unknown_host', 'the host is not configured');
    // A server that answers it sends back what it got: the access token would reach the browser (RFC 9110 §9.3.8).
    if (request.method === 'TRACE') return refusal('denied', 'TRACE is never forwarded');

    const { path, otherPaths, peculiarities } = target;
    const preflightMethod = passesPreflights ? preflightMethodOf(request) : undefined;
    const { method, context } = request;
    const ruleFor: RuleFor = (each) =>
      matchRule(rules, { origin: named.configured, path: each, method, preflightMethod, context });
    const rule = ruleFor(path);
    if (peculiarities.some((each) => rule?.tolerates.has(each) !== true))
      return refusal('ambiguous', target.reason, rule?.name);
    if (guardsUnderscores && rule?.tolerates.has('underscoredHeaders') !== true && hasUnderscoredHeader(request))
      return refusal('ambiguous', 'a header name with an underscore', rule?.name);
    if (otherPaths.some((each) => ruleFor(each) !== rule)) return refusal('ambiguous', rulesDiffer(peculiarities));
    if (rule === undefined) return refusal('denied', 'no rule matches');
    const isPassed = preflightMethod !== undefined && rule.passesPreflight;
    const isOpen: IsOpen = (each) =>
      each.use.kind === 'public' || (preflightMethod !== undefined && each.passesPreflight);
    if (isOpen(rule) && [path, ...otherPaths].some((each) => isOpenBySlash(each, rule, ruleFor, isOpen)))
      return refusal('ambiguous', 'only a slash at the end opens it', rule.name);
    if (rule.use.kind === 'deny') return refusal('denied', 'the rule denies', rule.name);
    return { kind: 'rule', origin: named.origin, name: rule.name, use: isPassed ? { kind: 'preflight' } : rule.use };
  };
}

type RuleFor = (path: string) => Rule | undefined;
type IsOpen = (rule: Rule) => boolean;

function refusal(kind: Unselected['kind'], reason: string, rule?: string): Unselected {
  return { kind, reason, rule };
}

function rulesDiffer(peculiarities: readonly unknown[]): string {
  return peculiarities.length === 0
    ? 'rules depend on how an encoded ? or # is read'
    : 'rules depend on how the path is read';
}

/**
 * Whether an open rule matches only because of a slash at the end: `/admin/` is `/admin` to most workloads, and an
 * exact rule that protects that must not be passed so (P8).
 */
function isOpenBySlash(path: string, rule: Rule, ruleFor: RuleFor, isOpen: IsOpen): boolean {
  if (path === '/' || !path.endsWith('/')) return false;
  const withoutSlash = ruleFor(path.slice(0, -1));
  return withoutSlash !== rule && (withoutSlash === undefined || !isOpen(withoutSlash));
}
